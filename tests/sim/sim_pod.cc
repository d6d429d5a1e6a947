#include "tests/sim/sim_pod.h"

namespace shardkeeper::sim {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAgentStarts{50};
constexpr milliseconds kLaunchStarts{80};
constexpr milliseconds kServerStarts{20};
constexpr milliseconds kRestart{300};

}  // namespace

SimPod::SimPod(Scheduler& scheduler, SimBus& bus, SimPeerCalls::Find find, model::Pod pod)
    : scheduler_(scheduler), bus_(bus), pod_(std::move(pod)), find_(std::move(find)) {
  agent_at_ = scheduler_.now() + kAgentStarts;
  launch_at_ = scheduler_.now() + kLaunchStarts;
}

void SimPod::look() {
  const TimePoint now = scheduler_.now();
  if (agent_at_ && now >= *agent_at_) start_agent();
  if (launch_at_ && now >= *launch_at_) {
    launch_at_.reset();
    waiting_for_ = pod_.uid.value + "-start-" + std::to_string(++starts_);
    volume_.ask_start(waiting_for_);
  }
  const GateState gate = volume_.gate();
  const bool is_granted = gate.start_granted && gate.request && gate.request->id.value == waiting_for_;
  if (!waiting_for_.empty() && (is_granted || ignores_gate) && !exec_at_) exec_at_ = now + kServerStarts;
  if (exec_at_ && now >= *exec_at_) {
    exec_at_.reset();
    waiting_for_.clear();
    server_ = &bus_.start(pod_.name.value, pod_.ip);
    volume_.start_server();
  }
  if (port_) port_->look();
}

void SimPod::start_agent() {
  agent_at_.reset();
  port_ = std::make_unique<SimPort>(
      scheduler_, bus_, [this] { return server(); }, [this] { end_server(); });
  calls_ = std::make_unique<SimPeerCalls>(scheduler_, pod_.name.value, find_);
  agent_ =
      std::make_unique<agent::AgentCore>(agent::CoreConfig{.pod = pod_.name, .cluster = pod_.cluster, .announced = {pod_.ip, 6379, 16379}},
                                         scheduler_, *port_, volume_, *calls_);
  ++agent_life_;
}

void SimPod::kill_agent() {
  agent_.reset();
  calls_.reset();
  port_.reset();
  volume_.on_gate_change(nullptr);
  agent_at_ = scheduler_.now() + kRestart;
}

void SimPod::end_server() {
  if (server() == nullptr) return;
  server_->alive = false;
  volume_.kill_server();
  launch_at_ = scheduler_.now() + kRestart;
}

}  // namespace shardkeeper::sim
