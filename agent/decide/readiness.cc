#include "agent/decide/readiness.h"

#include "common/time/in_seconds.h"

#include <string>

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;

std::string gate_detail(const GateState& gate, const std::string& launch_error) {
  if (!launch_error.empty()) return "no server process, and none can start: " + launch_error;
  if (gate.start_granted) return "no server process yet; its start was granted";
  if (gate.request) return "no server process; start " + gate.request->id.value.substr(0, 8) + " waits for the coordinator's grant";
  return "no server process, and none has asked to start";
}

// A lone node is a member of nothing, unless it is all of a cluster of one.
bool is_member(const NodeState& state, const ReadinessHistory& history) {
  return history.other_members > 0 || state.slots.count() == kSlotCount;
}

std::string replica_of(const NodeState& state) {
  return state.primary_id ? "replica of " + state.primary_id->short_form() : "replica of an unknown primary";
}

}  // namespace

Readiness decide_readiness(const NodeState& state, const ReadinessHistory& history, const ReadinessLimits& limits) {
  switch (state.condition) {
    case ServerCondition::kDown: return {ReadyReason::kGateShut, gate_detail(state.gate, history.launch_error)};
    case ServerCondition::kStarting: return {ReadyReason::kStarting, "the server process runs but has not answered yet"};
    case ServerCondition::kHung: return {ReadyReason::kHung, "the server process runs but has stopped answering"};
    case ServerCondition::kLoading: return {ReadyReason::kLoading, "the server is loading its data set"};
    case ServerCondition::kUp: break;
  }
  if (!is_member(state, history)) return {ReadyReason::kNotAMember, "knows no other node of its cluster"};

  const milliseconds fail_allowed = history.was_ready ? limits.cluster_fail_max : milliseconds(0);
  if (!state.cluster_state_ok && history.cluster_fail_for >= fail_allowed)
    return {ReadyReason::kClusterStateFail, "cluster_state is fail for " + in_seconds(history.cluster_fail_for)};

  if (state.role == Role::kPrimary) {
    if (state.slots.empty()) return {ReadyReason::kNoSlots, "a primary without slots"};
  } else {
    const bool has_time = history.was_ready && history.holds_shard_data && history.out_of_sync_for < limits.link_down_max;
    if (!state.replication.has_synced && !has_time) return {ReadyReason::kFirstSync, replica_of(state) + "; its sync is not finished"};
    if (!history.is_streaming && !has_time)
      return {ReadyReason::kFirstSync, replica_of(state) + "; synced, and waiting for its primary's stream"};
    if (!state.replication.link_up && !has_time)
      return {ReadyReason::kPrimaryLinkDown, replica_of(state) + "; no link to it for " + in_seconds(history.out_of_sync_for)};
  }
  if (state.fenced) return {ReadyReason::kFenced, "cut off from coordinator and majority; refuses writes (min-replicas-to-write)"};
  if (!history.users_are_set)
    return {ReadyReason::kUsersMissing,
            state.users_trouble.empty() ? "the users of spec.usersSecret are not set yet" : state.users_trouble};

  if (state.role == Role::kPrimary) return {ReadyReason::kReady, "primary of " + std::to_string(state.slots.count()) + " slots"};
  return {ReadyReason::kReady, replica_of(state) + ", synced"};
}

}  // namespace shardkeeper::agent
