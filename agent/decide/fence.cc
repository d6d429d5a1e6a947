#include "agent/decide/fence.h"

namespace shardkeeper::agent {

bool sees_majority(const TopologyView& view) {
  int owners = 0;
  int owners_seen = 0;
  int others = 0;
  int others_seen = 0;
  for (const auto& row : view.rows) {
    const bool is_seen = row.is_myself || !(row.is_failed || row.is_suspected || row.has_no_address);
    if (row.role == Role::kPrimary && !row.slots.empty()) {
      ++owners;
      if (is_seen) ++owners_seen;
    }
    if (!row.is_myself) {
      ++others;
      if (is_seen) ++others_seen;
    }
  }
  if (owners >= 3) return owners_seen > owners / 2;
  return others == 0 || others_seen > 0;
}

FenceOrder decide_fence(const FenceInput& input) {
  if (input.is_fenced) {
    const bool majority_is_back = input.sees_majority && input.same_sight_for >= input.node_timeout;
    return majority_is_back ? FenceOrder::kLift : FenceOrder::kLeave;
  }
  const bool is_cut_off = !input.sees_majority && input.coordinator_silent_for > input.node_timeout;
  return input.is_slot_owner && is_cut_off ? FenceOrder::kRaise : FenceOrder::kLeave;
}

}  // namespace shardkeeper::agent
