#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Not 0: a platform that forgets a pod at once never says that its server ended, and without that word nobody is promoted.
constexpr std::chrono::seconds kGrace{1};

// Every slot that the hung primary owned has another owner that is up.
bool served_elsewhere(const World& world, const Member& hung) {
  SlotSet slots = hung.state->slots;
  for (const auto& member : world.members)
    if (member.owns_slots() && member.id != hung.id) slots = slots.without(member.state->slots);
  return slots.empty();
}

// A hung replica is no loss only while its shard's primary serves; else it may hold the only copy.
bool has_serving_primary(const World& world, const Member& hung) {
  if (!hung.shard) return false;
  const auto shard = world.shards.find(*hung.shard);
  return shard != world.shards.end() && shard->second.primary_or_holder().has_value();
}

bool has_synced_replica(const World& world, const Member& hung) {
  return std::ranges::any_of(world.members, [&](const Member& m) {
    return m.is_replica() && m.state->primary_id == hung.id && m.state->replication.has_synced && !m.state->replication.sync_in_progress;
  });
}

}  // namespace

// A stopped process may run on at any moment, so it is never known dead; only its container's end makes it so.
Verdict check_hung(const World& world, const Claims&, model::History&) {
  Verdict verdict;
  for (const auto& member : world.members) {
    if (member.presence != Presence::kHung || member.info->pod.is_deleting) continue;
    const model::RemovePod remove{member.name(), member.info->pod.uid, kGrace};
    const bool held_slots = member.state->role == Role::kPrimary && !member.state->slots.empty();
    const bool is_replica = member.state->role == Role::kReplica;
    if (is_replica && has_serving_primary(world, member))
      verdict.step(remove, Reason::kReplaced, "its server hangs, and its primary serves");
    else if (is_replica || member.may_hold_moved_keys())
      verdict.hold(Reason::kHungSoleCopy, model::about(member.name()),
                   "its server hangs and may hold the only copy of its shard's data: left alone");
    else if (!held_slots || served_elsewhere(world, member))
      verdict.step(remove, Reason::kReplaced, "its server hangs and its slots are served elsewhere");
    else if (world.voters().size() < 3 && has_synced_replica(world, member))
      verdict.step(remove, Reason::kProcessDead, "its server hangs, no election can happen, and a synced replica waits");
    else if (has_synced_replica(world, member))
      verdict.hold(Reason::kLeftToElection, model::about(member.name()), "its server hangs; Valkey's own election decides");
    else
      verdict.hold(Reason::kHungSoleCopy, model::about(member.name()), "its server hangs and holds the only copy of its data: left alone");
    if (held_slots && member.shard) verdict.claims.insert(*member.shard);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
