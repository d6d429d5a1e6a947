#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/placement/primaries.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Spread is decided once all pods are there; a pod that does not come up must not hold creation for ever.
constexpr Duration kWaitForPods = std::chrono::seconds(5);

SlotSet slots_being_added(const World& world) {
  SlotSet slots;
  for (const auto& item : world.snapshot().in_flight)
    if (const auto* order = std::get_if<model::Order>(&item.step.action))
      if (const auto* add = std::get_if<command::AddSlots>(&order->command)) slots = slots.united(add->slots);
  return slots;
}

bool is_adding(const World& world, const Member& member) { return world.in_flight("add-slots:" + member.name().value); }

// An empty primary that may take the shard's slots: never before it has an epoch of its own.
bool may_become_primary(const Member& member) {
  return member.is_primary() && member.state->slots.empty() && !member.may_hold_moved_keys() && !member.leaving && member.view != nullptr &&
         member.state->config_epoch.value > 0 && !member.info->pod.is_deleting;
}

// Pods asked for that are not up or have no epoch yet, and how long they have been known.
bool still_arriving(const World& world, TimePoint& until) {
  const int wanted = world.spec().shards * (1 + world.spec().replicas_per_shard);
  int arrived = 0;
  TimePoint newest;
  for (const auto& member : world.members) {
    arrived += member.is_up() && member.state->config_epoch.value > 0 ? 1 : 0;
    newest = std::max(newest, member.info->first_seen);
  }
  until = newest + kWaitForPods;
  return arrived < wanted && world.now() < until;
}

// Slots that belong to a shard without any: what it lost, else its fair share.
SlotSet home_of(ShardId shard, const World& world, const model::History& history) {
  const auto lost = history.lost.find(shard);
  if (lost != history.lost.end()) return lost->second;
  const SlotRange fair = fair_range(shard.value, world.spec().shards);
  return SlotSet::of(fair.first, fair.last);
}

// A member that cannot be asked now but ran with data when it was heard last: as a primary its slots, as a replica of a shard that
// nobody serves the only copy.
bool holds_data_out_of_reach(const World& world, const Member& member) {
  if (member.presence != Presence::kSilent && member.presence != Presence::kHung) return false;
  if (member.state->role == Role::kPrimary) return !member.state->slots.empty();
  const auto shard = member.shard ? world.shards.find(*member.shard) : world.shards.end();
  return shard == world.shards.end() || !shard->second.primary;
}

// A replica that a dead primary listed as online, without pod and not known dead, while nobody serves the shard.
std::string lost_replica_out_of_sight(const World& world, const Member& member) {
  if (member.presence != Presence::kDead || member.state == nullptr || !member.state->last_life || !member.shard) return {};
  const auto shard = world.shards.find(*member.shard);
  if (shard != world.shards.end() && shard->second.primary) return {};
  for (const auto& replica : member.state->last_life->replication.online_replicas)
    if (!world.accounts_for(replica.endpoint)) return to_string(replica.endpoint);
  return {};
}

// Silent and hung members may own what nobody up knows of; an unheard one may too.
bool somebody_may_hide_slots(const World& world, std::string& who) {
  for (const auto& member : world.members) {
    if (const auto replica = lost_replica_out_of_sight(world, member); !replica.empty()) {
      who = "the server at " + replica;
      return true;
    }
    const bool hides = member.presence == Presence::kUnheard || holds_data_out_of_reach(world, member);
    if (!hides) continue;
    bool gate_never_opened = member.presence == Presence::kUnheard;  // no container ran: there is nothing to hide
    for (const auto& container : member.info->pod.containers)
      if (container.name == "valkey" && !container.id.empty()) gate_never_opened = false;
    if (gate_never_opened) continue;
    who = member.name().value;
    return true;
  }
  return false;
}

// A coordinator that starts after a loss learns of it from the agents beside the new servers.
void remember_losses(const World& world, model::History& history) {
  for (const auto& [id, shard] : world.shards)
    for (const auto index : shard.members) {
      const auto& member = world.members[index];
      if (shard.primary || !member.is_up() || !member.state->last_life || member.state->last_life->role != Role::kPrimary) continue;
      const SlotSet lost = member.state->last_life->slots.without(world.owned_somewhere());
      if (!lost.empty()) history.lost[id] = history.lost[id].united(lost);
    }
}

void assign(const World& world, const Member& member, const SlotSet& slots, Verdict& verdict) {
  if (slots.empty() || is_adding(world, member)) return;
  verdict.order(member, command::AddSlots{slots}, Reason::kUnassignedSlots, "nobody owns them");
}

}  // namespace

Verdict check_coverage(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  std::erase_if(history.lost, [&](const auto& entry) {
    const auto shard = world.shards.find(entry.first);
    return shard == world.shards.end() || shard->second.primary.has_value();
  });
  remember_losses(world, history);
  SlotSet unassigned = SlotSet::all().without(world.owned_somewhere()).without(slots_being_added(world));
  if (unassigned.empty() || !world.views_known) return verdict;
  std::string who;
  if (somebody_may_hide_slots(world, who)) {
    verdict.hold(Reason::kAgentSilent, "cluster",
                 std::to_string(unassigned.count()) + " slots have no owner, but " + who + " is unreachable and may hold their data");
    return verdict;
  }

  std::vector<ShardChoice> choices;
  for (const auto& [id, shard] : world.shards) {
    if (id.value >= world.spec().shards || claimed.contains(id) || shard.primary) continue;
    ShardChoice choice{id, {}};
    bool busy = false;
    for (const auto index : shard.members) {
      busy = busy || is_adding(world, world.members[index]);
      // Whoever holds keys on their way to the shard is no empty server, and nobody else may become its primary beside it.
      if (!shard.holder && !shard.orphan && may_become_primary(world.members[index])) choice.candidates.push_back(index);
    }
    if (busy) continue;
    if (history.lost.contains(id) && world.spec().shard_loss_policy == model::ShardLossPolicy::kWait) {
      verdict.hold(Reason::kShardLost, model::about(id), "its data is gone; shardLossPolicy is Wait, so its slots stay unassigned");
      unassigned = unassigned.without(home_of(id, world, history));
      continue;
    }
    if (choice.candidates.empty())
      verdict.hold(Reason::kCreating, model::about(id), "no server is up yet to take its slots");
    else
      choices.push_back(std::move(choice));
  }
  TimePoint until;
  if (!choices.empty() && still_arriving(world, until)) {
    verdict.look_again(until);
    verdict.hold(Reason::kCreating, "cluster", "waiting for all pods, so that primaries spread evenly over workers");
    return verdict;
  }
  for (const auto& [shard, index] : spread_primaries(world, choices)) {
    const SlotSet slots = unassigned.common_with(home_of(shard, world, history));
    assign(world, world.members[index], slots, verdict);
    unassigned = unassigned.without(slots);
  }
  // The rest goes to the primaries of the shards where it would be by equal shares.
  for (const auto& [id, shard] : world.shards) {
    if (!shard.primary || id.value >= world.spec().shards || claimed.contains(id)) continue;
    const SlotRange fair = fair_range(id.value, world.spec().shards);
    assign(world, world.members[*shard.primary], unassigned.common_with(SlotSet::of(fair.first, fair.last)), verdict);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
