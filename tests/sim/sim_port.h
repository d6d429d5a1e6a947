// A simulated server as its agent sees it: questions and commands in, the real text formats out, so that the real parsers run.
#pragma once

#include "common/valkey/server_port.h"
#include "tests/sim/sim_bus.h"

#include <functional>
#include <memory>

namespace shardkeeper::sim {

class SimPort final : public valkey::ServerPort {
 public:
  // `server` finds the process beside the agent; null while none runs. `shut_down` ends it.
  SimPort(Scheduler& scheduler, SimBus& bus, std::function<SimServer*()> server, std::function<void()> shut_down);

  void call(std::vector<std::string> arguments, Done done) override;
  std::uint64_t calls_made() const override { return 0; }
  bool is_connected() const override { return connected_ != nullptr; }
  void on_connection(std::function<void(bool connected)> changed) override { changed_ = std::move(changed); }

  // Connects to a process that has come up, notices one that is gone. Call every turn.
  void look();

 private:
  valkey::Reply answer(SimServer& server, const std::vector<std::string>& arguments);

  Scheduler& scheduler_;
  SimBus& bus_;
  std::function<SimServer*()> server_;
  std::function<void()> shut_down_;
  std::function<void(bool)> changed_;
  SimServer* connected_ = nullptr;
  std::vector<std::pair<std::uint64_t, Done>> unanswered_;
  std::uint64_t next_ = 0;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // watched by replies on their way
};

}  // namespace shardkeeper::sim
