// Slots with importing or migrating flags that no job works on: a job of ours was cut off, or somebody used valkey-cli. Both ends may hold
// keys of such a slot, and only flags lead clients to the second. So there is one rule: the move is finished, from the owner to the node
// that imports, by the keys engine, whatever flags are left; that brings all keys together at one node, which owns the slot then. If the
// plan wants it elsewhere it moves on like any other. Only where the other end is gone for good the flag is cleared: there is nothing to
// bring together. A flag that leads nobody anywhere (migrating at a node that does not own the slot any more) is cleared, too: it keeps a
// leaving shard from going, and the server from atomic migrations. While the other end is unreachable nothing is done, and clients are served as the flags say.
#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/slots/active.h"
#include "coordinator/plan/slots/engine.h"
#include "coordinator/plan/slots/forecast.h"
#include "coordinator/plan/slots/moves.h"
#include "coordinator/plan/slots/ownership.h"
#include "coordinator/plan/slots/trouble.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Reports of both ends of a job come one after the other: what looks open may be closed already.
constexpr Duration kOpenFor = std::chrono::seconds(2);

constexpr int kSlotsPerOrder = 512;  // what an agent takes at once

using Gaps = std::map<std::pair<std::size_t, NodeId>, SlotSet>;  // by owner and the node that imports, or was to

std::optional<std::size_t> owner_of(const World& world, int slot) {
  std::optional<std::size_t> owner;
  for (std::size_t index = 0; index < world.members.size(); ++index) {
    const auto& member = world.members[index];
    if (!member.owns_slots() || !member.id || !member.state->slots.contains(slot)) continue;
    if (!owner || world.members[*owner].state->config_epoch < member.state->config_epoch) owner = index;
  }
  return owner;
}

// Who has what the peer had: itself; its primary, if it is a replica by now; its shard's new primary, if it died. Open slots follow a
// failover on every version. None: nobody.
std::optional<std::size_t> heir_of(const World& world, const NodeId& peer) {
  const auto index = world.by_id(peer);
  if (index && world.members[*index].is_replica()) {
    const auto& primary = world.members[*index].state->primary_id;
    return primary ? world.by_id(*primary) : index;
  }
  if (index) return index;
  const auto shard = shard_of(world, peer);
  const auto found = shard ? world.shards.find(*shard) : world.shards.end();
  // Where it died before it owned anything, who took over has its open slots and keys.
  return found == world.shards.end() ? std::nullopt : found->second.primary_or_holder();
}

// Flags may name the old and the new primary of one shard: the other end is the same.
NodeId now_of(const World& world, std::size_t owner, const NodeId& peer) {
  const auto heir = heir_of(world, peer);
  return heir && *heir != owner && world.members[*heir].id ? *world.members[*heir].id : peer;
}

// The owner's own flag says where its keys went; only without one, whoever imports.
Gaps find_gaps(const World& world, const SlotSet& worked_on) {
  Gaps gaps;
  SlotSet taken = worked_on;
  const auto note = [&](int slot, std::size_t owner, const NodeId& peer) {
    if (taken.contains(slot) || world.members[owner].id == peer) return;
    taken.add(slot);
    gaps[{owner, now_of(world, owner, peer)}].add(slot);
  };
  for (std::size_t index = 0; index < world.members.size(); ++index) {
    if (!world.members[index].is_primary()) continue;
    for (const auto& open : world.members[index].state->open_slots)
      if (open.direction == OpenSlot::Direction::kMigrating && owner_of(world, open.slot) == index) note(open.slot, index, open.peer);
  }
  for (const auto& member : world.members) {
    if (!member.is_primary() || !member.id) continue;
    for (const auto& open : member.state->open_slots)
      if (open.direction == OpenSlot::Direction::kImporting)
        if (const auto owner = owner_of(world, open.slot)) note(open.slot, *owner, *member.id);
  }
  return gaps;
}

// Migrating at a node that does not own the slot: what may stay when it learnt of its loss by gossip.
SlotSet stale_flags(const World& world, std::size_t index, const SlotSet& worked_on) {
  SlotSet stale;
  for (const auto& open : world.members[index].state->open_slots) {
    const auto owner = owner_of(world, open.slot);
    if (!owner || *owner == index || worked_on.contains(open.slot)) continue;
    if (open.direction == OpenSlot::Direction::kMigrating) stale.add(open.slot);
  }
  return stale;
}

// Somebody replicated it and is not known dead: that one has, or will have, the keys that were moved to it.
bool may_have_heir(const World& world, const NodeId& peer) {
  const bool is_followed = std::ranges::any_of(world.members, [&](const Member& m) {
    return m.state != nullptr && m.presence != Presence::kDead && m.state->role == Role::kReplica && m.state->primary_id == peer;
  });
  return is_followed || std::ranges::any_of(world.distinct_views, [&](const TopologyView* view) {
           return std::ranges::any_of(view->rows,
                                      [&](const NodeRow& row) { return row.primary_id == peer && !world.dead_evidence(row.id); });
         });
}

// A live node lists it, and nobody says that it died: it may come back with keys.
bool may_live(const World& world, const NodeId& peer) {
  if (world.dead_evidence(peer)) return false;
  return std::ranges::any_of(world.distinct_views, [&](const TopologyView* view) { return view->find(peer) != nullptr; });
}

class HalfOpenSlots {
 public:
  HalfOpenSlots(const World& world, const Claims& claimed, model::History& history, Verdict& verdict)
      : world_(world), claimed_(claimed), history_(history), verdict_(verdict), active_(active_jobs(world, history)) {
    for (const auto& job : active_) {
      busy_.insert(job.source->name());
      if (const auto target = world.by_id(job.target)) busy_.insert(world.members[*target].name());
    }
  }

  void close_all() {
    Open still;
    const auto gaps = find_gaps(world_, slots_of(active_));
    jobs_ = static_cast<int>(active_.size() + gaps.size());
    if (!gaps.empty()) ends_ = move_ends(world_, seats_of(world_, claimed_, history_));
    for (const auto& [ends, slots] : gaps) {
      const auto& owner = world_.members[ends.first];
      const auto heir = heir_of(world_, ends.second);
      const Member* target = heir && *heir != ends.first ? &world_.members[*heir] : nullptr;
      const auto key = std::pair(owner.name(), target != nullptr ? target->name() : PodName(ends.second.short_form()));
      const TimePoint seen = since(key, slots);
      still[key] = {slots, seen};
      verdict_.look_again(seen + kOpenFor);
      if (world_.now() - seen >= kOpenFor)
        close(owner, target, ends.second, slots);
      else
        claim(owner, target);
    }
    note_stale_flags(still);
    history_.half_open = std::move(still);
  }

 private:
  using Open = std::map<std::pair<PodName, PodName>, model::HalfOpen>;

  TimePoint since(const std::pair<PodName, PodName>& key, const SlotSet& slots) const {
    const auto before = history_.half_open.find(key);
    return before != history_.half_open.end() && before->second.slots.overlaps(slots) ? before->second.since : world_.now();
  }

  void note_stale_flags(Open& still) {
    for (std::size_t index = 0; index < world_.members.size(); ++index) {
      const auto& member = world_.members[index];
      if (!member.is_primary()) continue;
      const SlotSet slots = stale_flags(world_, index, slots_of(active_));
      if (slots.empty()) continue;
      const auto key = std::pair(member.name(), member.name());
      const TimePoint seen = since(key, slots);
      still[key] = {slots, seen};
      verdict_.look_again(seen + kOpenFor);
      if (world_.now() - seen < kOpenFor || is_claimed(member) || busy_.contains(member.name())) continue;
      verdict_.order(member, command::SetSlots{lowest(slots, kSlotsPerOrder), command::SetSlots::Mode::kStable, *member.id},
                     Reason::kHalfOpen, "its flags are left over: the slots have their owner, and no job works on them");
    }
  }

  // No other job begins at these ends in this pass. Slots that wait claim nobody: one bad key must not hold up the rest.
  void claim(const Member& owner, const Member* target) {
    if (owner.shard) verdict_.claims.insert(*owner.shard);
    if (target != nullptr && target->shard) verdict_.claims.insert(*target->shard);
  }
  void hold(const Member& owner, const SlotSet& slots, const std::string& why) {
    verdict_.hold(Reason::kSlotsWait, model::about(owner.name()), "slots " + to_string(slots) + " are half moved: " + why);
  }
  bool is_claimed(const Member& member) const { return member.shard && claimed_.contains(*member.shard); }

  void close(const Member& owner, const Member* target, const NodeId& peer, const SlotSet& slots) {
    if (is_claimed(owner) || (target != nullptr && is_claimed(*target))) return;  // an earlier check is busy with it
    if (target == nullptr && may_live(world_, peer))
      return hold(owner, slots, "node " + peer.short_form() + ", the other end, is out of sight and may hold keys");
    if (target == nullptr && may_have_heir(world_, peer))
      return hold(owner, slots, "node " + peer.short_form() + ", the other end, died and its replica has not taken over yet");
    if (target == nullptr) {
      verdict_.order(owner, command::SetSlots{lowest(slots, kSlotsPerOrder), command::SetSlots::Mode::kStable, peer}, Reason::kHalfOpen,
                     "node " + peer.short_form() + ", the other end, is gone for good, and so are keys that had been moved there");
      return;
    }
    if (!target->is_primary()) return hold(owner, slots, "pod " + target->name().value + ", the other end, does not answer as a primary");
    finish(owner, *target, slots);
  }

  // Of what is left at the owner: keys that have moved are in what the target uses.
  std::optional<Shortfall> lacks_room(const Member& owner, const Member& target, const SlotSet& slots) const {
    if (!owner.shard || !target.shard) return std::nullopt;
    if (!ends_.contains(*owner.shard) || !ends_.contains(*target.shard)) return std::nullopt;
    const auto lacks = shortfalls({{owner.shard, *target.shard, slots}}, ends_, {});
    return lacks.empty() ? std::nullopt : std::optional(lacks.front());
  }

  void finish(const Member& owner, const Member& target, const SlotSet& slots) {
    const SlotSet now = due(history_.troubles, slots, world_.now());
    for (const auto& trouble : history_.troubles)
      if (trouble.slots.overlaps(slots)) verdict_.look_again(trouble.not_before);
    if (now.empty()) return;  // check_moves says what failed
    if (world_.spec().paused) return hold(owner, now, "spec.paused");
    if (busy_.contains(owner.name()) || busy_.contains(target.name())) return;
    if (const auto lack = lacks_room(owner, target, now))
      return verdict_.hold(Reason::kNoHeadRoom, model::about(lack->shard),
                           to_string(*lack) + "; slots " + to_string(now) + " stay half moved until then");
    busy_.insert({owner.name(), target.name()});
    claim(owner, &target);
    verdict_.order(owner,
                   start_of(new_job_id(world_, JobKind::kFinishes, history_), now, target, MigrationEngine::kKeys,
                            rate_of_job(world_.spec().migration, jobs_)),
                   Reason::kHalfOpen, "no job works on them, and both ends may hold keys");
  }

  const World& world_;
  const Claims& claimed_;
  model::History& history_;
  Verdict& verdict_;
  std::vector<ActiveJob> active_;
  std::set<PodName> busy_;
  MoveEnds ends_;  // where there are gaps
  int jobs_ = 0;   // that run or may begin now: they share the rate
};

}  // namespace

Verdict check_half_open(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  verdict.findings = note_ended_jobs(world, history);
  for (const auto& [source, ended] : history.ended_jobs)
    if (!ended.shown && world.now() < shown_until(ended)) verdict.look_again(shown_until(ended));
  if (world.views_known && world.majority != nullptr) HalfOpenSlots(world, claimed, history, verdict).close_all();
  return verdict;
}

}  // namespace shardkeeper::plan
