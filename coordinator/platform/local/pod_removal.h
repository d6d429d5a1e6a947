// Ending a pod in the order of Kubernetes: preStop, SIGTERM to the server, SIGKILL when the grace period is over, then the agent.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/local/container.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace shardkeeper::platform::local {

//  idle -> pre-stop -> server -> agent -> done      the server's end leads to `agent` from any stage before it
//    |__________________________|  grace over: SIGKILL to the server
//    |-> kill at once: SIGKILL to all three ----> done
// THREAD the loop's thread. Destroying it leaves things as they are.
class PodRemoval {
 public:
  // What the agent gets after the server has ended; it has nothing left to hand over.
  static constexpr Duration kAgentGrace = std::chrono::seconds(2);

  struct Containers {
    Container& prepare;
    Container& agent;
    Container& valkey;
  };

  // REQUIRES loop, scheduler and containers outlive it. `done` is called once, through the scheduler.
  PodRemoval(boost::asio::io_context& loop, Scheduler& scheduler, Containers containers, std::function<void()> done);

  // Ends a preStop that is under way.
  ~PodRemoval() { end_pre_stop(); }
  PodRemoval(const PodRemoval&) = delete;
  PodRemoval& operator=(const PodRemoval&) = delete;

  // `pre_stop` none: straight to SIGTERM. Called again, it only sets a new end of the grace period.
  void start(Duration grace, const std::optional<Command>& pre_stop);
  void kill_at_once();
  // Call when a container has stopped.
  void container_stopped() { go_on(); }

 private:
  enum class Stage { kIdle, kPreStop, kServer, kAgent, kKilling, kDone };

  void go_on();
  void ask(const Command& pre_stop);
  void stop_server();
  void end_pre_stop();
  void grace_over();

  boost::asio::io_context& loop_;
  Scheduler& scheduler_;
  Containers containers_;
  std::function<void()> done_;
  Stage stage_ = Stage::kIdle;
  std::unique_ptr<Process> pre_stop_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::platform::local
