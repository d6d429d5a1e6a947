#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/placement/seats.h"

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Its present primary is dead and still owns slots: it may be the one to promote, and is left alone.
bool is_heir(const World& world, const Member& member) {
  if (!member.state->primary_id || world.majority == nullptr) return false;
  const auto* row = world.majority->find(*member.state->primary_id);
  if (row == nullptr || row->slots.empty()) return false;
  const auto index = world.by_id(row->id);
  return !index || !world.members[*index].is_up();
}

// Slots were on their way to its primary, which is not up: it may be the only one that has their keys.
bool is_orphan(const ShardView& shard, const World& world, const Member& member) {
  if (!shard.orphan || !member.state->primary_id || (member.state->keys == 0 && member.state->open_slots.empty())) return false;
  const auto index = world.by_id(*member.state->primary_id);
  return !index || !world.members[*index].is_up();
}

// The server refuses to replicate a node that it does not know as a primary yet.
bool knows_as_primary(const Member& member, const NodeId& id) {
  const auto* row = member.view->find(id);
  return row != nullptr && row->role == Role::kPrimary && !row->has_no_address;
}

}  // namespace

Verdict check_replicas(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  const auto seats = seats_of(world, claimed, history);
  if (seats.wait_until) verdict.look_again(*seats.wait_until);
  for (const auto& [id, shard] : world.shards) {
    if (claimed.contains(id)) continue;
    const auto seat = seats.chosen.find(id);
    const auto primary_index = seat == seats.chosen.end() ? shard.primary_or_holder() : std::optional(seat->second);
    if (!primary_index) continue;
    const auto& primary = world.members[*primary_index];
    for (const auto index : shard.members) {
      const auto& member = world.members[index];
      if (index == *primary_index || !member.is_up() || member.view == nullptr || member.leaving || member.owns_slots()) continue;
      if (member.is_replica() && member.state->primary_id == primary.id) continue;
      if (member.is_replica() && (is_heir(world, member) || is_orphan(shard, world, member))) continue;
      if (world.in_flight("add-slots:" + member.name().value)) continue;
      if (member.is_primary() && member.may_hold_moved_keys()) {
        verdict.hold(Reason::kWrongPrimary, model::about(member.name()),
                     "it owns no slots but holds " + std::to_string(member.state->keys) + " keys" +
                         (member.state->open_slots.empty() && !member.is_taker ? "" : " and imports slots") +
                         ", so it is not made a replica");
        continue;
      }
      if (!knows_as_primary(member, *primary.id) || primary.view == nullptr || primary.view->find(*member.id) == nullptr) {
        verdict.hold(Reason::kCreating, model::about(member.name()), "it and its primary do not know each other yet");
        continue;
      }
      verdict.order(member, command::Replicate{*primary.id}, member.is_replica() ? Reason::kWrongPrimary : Reason::kNewNode,
                    "primary of shard " + to_string(id) + " is " + primary.name().value);
    }
  }
  return verdict;
}

}  // namespace shardkeeper::plan
