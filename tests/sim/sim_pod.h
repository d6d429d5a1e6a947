// A simulated pod: volume, `launch`, server and agent. The agent is the production core on simulated ports.
#pragma once

#include "agent/core/agent_core.h"
#include "coordinator/model/pods.h"
#include "tests/sim/sim_peer_calls.h"
#include "tests/sim/sim_port.h"
#include "tests/support/fake_volume.h"

#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::sim {

class SimPod {
 public:
  SimPod(Scheduler& scheduler, SimBus& bus, SimPeerCalls::Find find, model::Pod pod);

  const model::Pod& pod() const { return pod_; }
  model::Pod& pod() { return pod_; }
  agent::AgentCore* agent() { return agent_.get(); }
  std::uint64_t agent_life() const { return agent_life_; }  // one more for every agent process
  SimServer* server() { return server_ != nullptr && server_->alive ? server_ : nullptr; }

  // What the kubelet and `launch` do; call every turn.
  void look();

  // The process ends: by a fault, an order, or with the pod.
  void end_server();
  void kill_agent();
  bool is_whole() { return agent_ != nullptr && server() != nullptr; }

  bool ignores_gate = false;    // a `launch` that does not wait for its grant: what the gate is there against
  FenceToken highest_accepted;  // of commands that this pod's agent carried out

 private:
  void start_agent();

  Scheduler& scheduler_;
  SimBus& bus_;
  model::Pod pod_;
  test::FakeVolume volume_;
  std::unique_ptr<SimPort> port_;
  SimPeerCalls::Find find_;
  std::unique_ptr<SimPeerCalls> calls_;
  std::unique_ptr<agent::AgentCore> agent_;
  std::uint64_t agent_life_ = 0;
  SimServer* server_ = nullptr;
  int starts_ = 0;
  std::string waiting_for_;  // the start id that `launch` waits for; "" while it does not run
  std::optional<TimePoint> launch_at_;
  std::optional<TimePoint> exec_at_;
  std::optional<TimePoint> agent_at_;
};

}  // namespace shardkeeper::sim
