// When an isolated primary stops taking writes (architecture §6, "Fence"). Pure. No promotion relies on it.
#pragma once

#include "common/node/topology.h"
#include "common/time/scheduler.h"

namespace shardkeeper::agent {

// No server has so many replicas: every write is refused with -NOREPLICAS, reads go on, and it outlives the agent.
inline constexpr int kFenceReplicas = 255;

// With at least three slot-owning primaries: more than half of them, itself included, are not flagged fail or fail?. With fewer:
// some other member is not flagged. A node that knows no other member is cut off from nobody.
bool sees_majority(const TopologyView& view);

enum class FenceOrder { kLeave, kRaise, kLift };

struct FenceInput {
  bool is_slot_owner = false;  // a primary with slots; nobody else takes writes
  bool is_fenced = false;
  bool sees_majority = false;
  std::chrono::milliseconds same_sight_for{0};  // how long sees_majority has been what it is, as seen by this agent
  std::chrono::milliseconds coordinator_silent_for{0};
  std::chrono::milliseconds node_timeout{5'000};
};

// Raise: coordinator silent for a node timeout and no majority. Lift: a majority seen for a whole node timeout without a break; a
// server that was stopped wakes up with an old, cheerful table, and needs that long to notice. The coordinator lifts it by
// command::Unfence. An agent that starts has seen nothing yet and so leaves a fence as it finds it.
FenceOrder decide_fence(const FenceInput& input);

}  // namespace shardkeeper::agent
