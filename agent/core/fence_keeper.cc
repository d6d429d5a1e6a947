#include "agent/core/fence_keeper.h"

#include "common/log/log.h"

namespace shardkeeper::agent {

using std::chrono::milliseconds;

void FenceKeeper::consider(const NodeState& state, const TopologyView& view, int min_replicas_to_write, milliseconds coordinator_silent_for,
                           milliseconds node_timeout) {
  if (min_replicas_to_write < kFenceReplicas) normal_ = min_replicas_to_write;
  const TimePoint now = scheduler_.now();
  const bool majority = sees_majority(view);
  if (!sight_ || sight_->majority != majority) sight_ = Sight{majority, now};

  FenceInput input;
  input.is_slot_owner = state.role == Role::kPrimary && !state.slots.empty();
  input.is_fenced = state.fenced;
  input.sees_majority = majority;
  input.same_sight_for = std::chrono::duration_cast<milliseconds>(now - sight_->since);
  input.coordinator_silent_for = coordinator_silent_for;
  input.node_timeout = node_timeout;
  const FenceOrder order = decide_fence(input);
  if (order == FenceOrder::kLeave || is_setting_) return;
  if (order == FenceOrder::kRaise) {
    log::warn("fence raised: neither coordinator nor majority",
              {{"coordinator_silent_ms", std::to_string(coordinator_silent_for.count())}});
    set(kFenceReplicas);
  } else {
    log::info("fence lifted: a majority is seen again", {{"min_replicas_to_write", std::to_string(normal_)}});
    set(normal_);
  }
}

void FenceKeeper::set(int min_replicas_to_write) {
  is_setting_ = true;
  const auto finished = [this](const Result<command::Outcome>& outcome) {
    is_setting_ = false;
    if (!outcome) log::warn("fence could not be changed", {{"error", to_string(outcome.error())}});
    changed_();
  };
  steps_.send_all({{"CONFIG", "SET", "min-replicas-to-write", std::to_string(min_replicas_to_write)}}, "", finished);
}

}  // namespace shardkeeper::agent
