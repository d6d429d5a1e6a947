#include "coordinator/plan/stale_copy.h"

namespace shardkeeper::plan {

bool holds_a_copy(const Member& member) {
  return member.is_replica() && !member.leaving && member.state->keys > 0 && !member.state->replication.sync_in_progress;
}

std::string why_not_chosen_by_hand(const World& world, const Member& member) {
  if (!member.is_replica() || !member.id) return "no replica answers there";
  if (!holds_a_copy(member)) return "it holds no key, or is in the middle of a sync";
  if (!member.state->primary_id || !world.dead_evidence(*member.state->primary_id)) return "its primary is not known dead";
  return {};
}

}  // namespace shardkeeper::plan
