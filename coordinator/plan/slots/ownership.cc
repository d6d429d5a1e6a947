#include "coordinator/plan/slots/ownership.h"

#include <algorithm>

namespace shardkeeper::plan {

std::optional<ShardId> shard_of(const World& world, const NodeId& id) {
  const auto index = world.by_id(id) ? world.by_id(id) : world.by_dead_id(id);
  return index ? world.members[*index].shard : std::nullopt;
}

bool is_settled(const World& world, const Member& member) {
  const auto* row = world.majority != nullptr && member.id ? world.majority->find(*member.id) : nullptr;
  return row != nullptr && row->role == Role::kPrimary && row->slots == member.state->slots;
}

Ownership ownership_of(const World& world, const std::map<ShardId, SlotSet>& lost) {
  Ownership result;
  std::vector<const Member*> primaries;
  for (const auto& member : world.members)
    if (member.owns_slots() && member.shard) primaries.push_back(&member);
  std::ranges::stable_sort(primaries, [](const Member* a, const Member* b) { return a->state->config_epoch > b->state->config_epoch; });
  SlotSet taken;
  const auto claim = [&](ShardId shard, const SlotSet& slots) {
    const SlotSet own = slots.without(taken);
    if (own.empty()) return;
    result.owners[shard] = result.owners[shard].united(own);
    taken = taken.united(own);
  };
  for (const auto* primary : primaries) {
    if (world.majority != nullptr)
      if (const auto* row = world.majority->find(*primary->id); row != nullptr && row->role == Role::kPrimary)
        result.agreed = result.agreed.united(primary->state->slots.common_with(row->slots).without(taken));
    claim(*primary->shard, primary->state->slots);
  }
  for (const auto* row : world.voters())
    if (const auto shard = shard_of(world, row->id)) claim(*shard, row->slots);
  for (const auto& [shard, slots] : lost) claim(shard, slots);
  return result;
}

}  // namespace shardkeeper::plan
