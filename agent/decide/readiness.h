// Whether this pod may receive client traffic now. Pure; the one definition behind probe, metric, log and status.
#pragma once

#include "common/node/node_state.h"

#include <chrono>
#include <string>

namespace shardkeeper::agent {

// Flap damping, as a rule: a pod becomes Ready at once when no reason is left. A Ready pod stays Ready through
//   - cluster_state fail shorter than `cluster_fail_max`: a hand-over elsewhere must not empty the Services,
//   - a link to its primary that is down, or a new sync, for less than `link_down_max`, as long as its data is its shard's.
// Every other reason counts at once, and a pod that is not Ready is given no such time.
struct ReadinessLimits {
  std::chrono::milliseconds cluster_fail_max{2'000};
  std::chrono::milliseconds link_down_max{5'000};  // architecture §3, "Probes"
};

// What NodeState does not say: how long something has been so, and what was before.
struct ReadinessHistory {
  bool was_ready = false;
  int other_members = 0;                          // rows of its CLUSTER NODES besides its own, handshakes left out
  std::chrono::milliseconds cluster_fail_for{0};  // 0 while ok
  std::chrono::milliseconds out_of_sync_for{0};   // since link up and synced were last both true; 0 while they are
  bool holds_shard_data = false;                  // a sync was completed once with a primary of the same slots
  bool is_streaming = true;                       // replica: what its primary acknowledges now reaches it
  bool users_are_set = true;                      // the server knows the users of the file, or there is none
  std::string launch_error;                       // why no start can even be asked for; "" when there is no such trouble

  bool operator==(const ReadinessHistory&) const = default;
};

// The first reason that matches, in the order of ReadyReason.
Readiness decide_readiness(const NodeState& state, const ReadinessHistory& history, const ReadinessLimits& limits);

}  // namespace shardkeeper::agent
