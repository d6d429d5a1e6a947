#include "coordinator/plan/placement/seats.h"

#include "coordinator/plan/placement/primaries.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

// The spread is decided once all pods of the shard are there; one that does not come up must not hold the shard for ever.
constexpr Duration kWaitForPods = std::chrono::seconds(5);

// Met, with an epoch, empty: it can be a primary as it is.
bool may_sit(const Member& member) {
  return member.is_primary() && member.view != nullptr && member.view->rows.size() > 1 && member.state->config_epoch.value > 0 &&
         member.state->slots.empty() && member.state->keys == 0 && !member.leaving && !member.info->pod.is_deleting;
}

bool is_followed(const World& world, const Member& candidate) {
  const bool by_member =
      std::ranges::any_of(world.members, [&](const Member& m) { return m.is_replica() && m.state->primary_id == candidate.id; });
  return by_member || std::ranges::any_of(world.snapshot().in_flight, [&](const model::InFlight& item) {
           const auto* order = std::get_if<model::Order>(&item.step.action);
           const auto* replicate = order != nullptr ? std::get_if<command::Replicate>(&order->command) : nullptr;
           return replicate != nullptr && replicate->primary == candidate.id;
         });
}

// Somebody of the shard owns slots or holds keys of slots on their way to it, or may: then it is in trouble, not new.
bool may_own_slots(const World& world, const ShardView& shard) {
  if (shard.orphan) return true;
  return std::ranges::any_of(shard.members, [&](std::size_t index) {
    const auto& member = world.members[index];
    const bool hides = !member.is_reachable() || member.presence == Presence::kHung;
    const bool had_slots = member.state == nullptr || !member.state->slots.empty() || member.may_hold_moved_keys();
    return (hides && had_slots) || world.owns_in_some_view(member.id) || world.owns_in_some_view(member.dead_id);
  });
}

bool is_new(const World& world, ShardId id, const ShardView& shard, const model::History& history) {
  if (shard.primary || shard.members.empty() || id.value >= world.spec().shards || history.lost.contains(id)) return false;
  const SlotRange fair = fair_range(id.value, world.spec().shards);
  const bool others_own_its_share = SlotSet::of(fair.first, fair.last).without(world.owned_somewhere()).empty();
  return others_own_its_share && !may_own_slots(world, shard);
}

// Pods of the shard that are asked for and not up yet are waited for so long.
std::optional<TimePoint> arriving_until(const World& world, const ShardView& shard) {
  int up = 0;
  TimePoint newest;
  for (const auto index : shard.members) {
    up += world.members[index].is_up() ? 1 : 0;
    newest = std::max(newest, world.members[index].info->first_seen);
  }
  const TimePoint until = newest + kWaitForPods;
  if (up > world.spec().replicas_per_shard || world.now() >= until) return std::nullopt;
  return until;
}

}  // namespace

Seats seats_of(const World& world, const Claims& claimed, const model::History& history) {
  Seats seats;
  std::vector<ShardChoice> choices;
  if (world.voters().empty()) return seats;  // a cluster that is being made: its slots are assigned, not moved
  for (const auto& [id, shard] : world.shards) {
    if (claimed.contains(id)) continue;
    if (shard.holder && id.value < world.spec().shards) {
      seats.chosen[id] = *shard.holder;  // whoever else might sit there is empty
      continue;
    }
    if (!is_new(world, id, shard, history)) continue;
    ShardChoice choice{id, {}};
    std::optional<std::size_t> followed;
    for (const auto index : shard.members) {
      if (!may_sit(world.members[index])) continue;
      choice.candidates.push_back(index);
      if (!followed && is_followed(world, world.members[index])) followed = index;
    }
    if (followed) {
      seats.chosen[id] = *followed;
    } else if (const auto until = arriving_until(world, shard)) {
      seats.wait_until = std::min(seats.wait_until.value_or(*until), *until);
    } else if (!choice.candidates.empty()) {
      choices.push_back(std::move(choice));
    }
  }
  seats.chosen.merge(spread_primaries(world, choices));
  return seats;
}

}  // namespace shardkeeper::plan
