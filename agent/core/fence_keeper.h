// Raises and lifts the fence on the server, as decide/fence says.
#pragma once

#include "agent/core/core_config.h"
#include "agent/core/server_steps.h"
#include "agent/decide/fence.h"
#include "common/node/node_state.h"

#include <functional>
#include <optional>

namespace shardkeeper::agent {

// THREAD the loop's thread. REQUIRES scheduler and server outlive it.
class FenceKeeper {
 public:
  // `changed` is called after the server took a new value.
  FenceKeeper(const CoreConfig& config, Scheduler& scheduler, valkey::ServerPort& server, std::function<void()> changed)
      : scheduler_(scheduler), normal_(config.min_replicas_to_write), changed_(std::move(changed)), steps_(server) {}

  // After every full round. `min_replicas_to_write` and `view` are what the server said in it.
  void consider(const NodeState& state, const TopologyView& view, int min_replicas_to_write,
                std::chrono::milliseconds coordinator_silent_for, std::chrono::milliseconds node_timeout);
  // The process ended: what was seen was seen by it.
  void forget() { sight_.reset(); }

 private:
  struct Sight {
    bool majority = false;
    TimePoint since;
  };
  void set(int min_replicas_to_write);

  Scheduler& scheduler_;
  int normal_;  // what lifting restores: the newest value that was no fence
  std::function<void()> changed_;
  std::optional<Sight> sight_;
  bool is_setting_ = false;
  ServerSteps steps_;
};

}  // namespace shardkeeper::agent
