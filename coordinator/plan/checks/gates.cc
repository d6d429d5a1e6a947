// Who may start (architecture §3). A server that restarts is empty: started too early it wipes its replicas, under its old
// identity on every version and under a new one on 8.0 (facts §6.4, §15). So a start needs proof that nothing is left to wipe.
#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Somebody may be alive that this coordinator cannot see: then "nobody lists this address" proves nothing.
const Member* hidden_server(const World& world) {
  for (const auto& member : world.members) {
    if (member.presence == Presence::kSilent) return &member;
    if (member.presence != Presence::kUnheard) continue;
    for (const auto& container : member.info->pod.containers)
      if (container.name == "valkey" && container.running) return &member;
  }
  return nullptr;
}

// A live or unreachable member that replicates `id`, by its own word.
const Member* follower_of(const World& world, const NodeId& id) {
  for (const auto& member : world.members)
    if (member.id && member.state->role == Role::kReplica && member.state->primary_id == id) return &member;
  return nullptr;
}

// A process of the shard that runs and has not said since its agent's start who it is: it may be a stopped replica with the data.
const Member* nameless_server(const World& world, const Member& member) {
  for (const auto& other : world.members)
    if (other.shard == member.shard && other.presence == Presence::kStarting && other.state->gate.lock_held && !other.id) return &other;
  return nullptr;
}

// What the dead server's last words name and nobody accounts for.
std::string unaccounted_replica(const World& world, const Member& member) {
  if (!member.state->last_life) return {};
  for (const auto& replica : member.state->last_life->replication.online_replicas)
    if (!world.accounts_for(replica.endpoint)) return to_string(replica.endpoint);
  return {};
}

// What stands against a start at this address, as far as live nodes tell; empty when nothing does.
std::string objection(const World& world, const Member& member) {
  for (const auto* view : world.distinct_views) {
    for (const auto& row : view->rows) {
      const bool same_place = row.endpoint.ip == member.info->pod.ip || (member.dead_id && row.id == *member.dead_id);
      if (!same_place || world.by_id(row.id)) continue;
      if (!row.slots.empty())
        return "node " + row.id.short_form() + " at this address still owns " + std::to_string(row.slots.count()) + " slots";
      for (const auto& other : view->rows)
        if (other.primary_id == row.id && other.id != row.id && !world.dead_evidence(other.id))
          return "node " + row.id.short_form() + " at this address still has replica " + other.id.short_form();
    }
  }
  if (member.dead_id)
    if (const auto* replica = follower_of(world, *member.dead_id))
      return "replica " + replica->name().value + " still follows the dead server";
  return {};
}

// Every member of the shard known dead, and none that views name but no pod accounts for: nothing is left to wipe.
bool whole_shard_dead(const World& world, const ShardView& shard) {
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (member.presence != Presence::kDead) return false;
    // A replica that the dead server listed as online and that no pod accounts for is only unreachable.
    if (member.state != nullptr && member.state->last_life)
      for (const auto& replica : member.state->last_life->replication.online_replicas)
        if (!world.accounts_for(replica.endpoint)) return false;
    if (!member.dead_id) continue;
    if (follower_of(world, *member.dead_id) != nullptr) return false;
    for (const auto* view : world.distinct_views)
      for (const auto& row : view->rows)
        if (row.primary_id == *member.dead_id && !world.dead_evidence(row.id)) return false;
  }
  return true;
}

SlotSet slots_of_dead(const World& world, const ShardView& shard) {
  SlotSet slots;
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (member.state != nullptr && member.state->last_life && member.state->last_life->role == Role::kPrimary)
      slots = slots.united(member.state->last_life->slots);
    if (!member.dead_id) continue;
    for (const auto* view : world.distinct_views)
      if (const auto* row = view->find(*member.dead_id)) slots = slots.united(row->slots);
  }
  // What a live member owns by its own word was not lost.
  for (const auto& member : world.members)
    if (member.owns_slots()) slots = slots.without(member.state->slots);
  return slots;
}

// What a dead primary owned to the end and nobody took over.
SlotSet lost_with(const World& world, const Member& member) {
  if (!member.state->last_life || member.state->last_life->role != Role::kPrimary) return {};
  return member.state->last_life->slots.without(world.owned_somewhere());
}

// Its agent is the only one that can prove to a coordinator that starts now that the old server is dead, and only until another
// server runs beside it. So everybody forgets a lost primary first; where that has to wait for somebody unreachable, the process does not.
bool must_be_forgotten_first(const World& world, const Member& member) {
  if (world.spec().shard_loss_policy != model::ShardLossPolicy::kRecreate || !member.dead_id) return false;
  if (std::ranges::any_of(world.members, [](const Member& m) { return !m.is_reachable(); })) return false;
  return std::ranges::any_of(world.distinct_views, [&](const TopologyView* view) {
    const auto* row = view->find(*member.dead_id);
    return row != nullptr && !row->slots.empty();
  });
}

struct Ruling {
  bool may_start = false;
  Reason reason = Reason::kGateShut;
  std::string detail;
};

Ruling rule(const World& world, const Member& member, const ShardView* shard) {
  if (shard != nullptr && whole_shard_dead(world, *shard)) {
    const SlotSet lost = slots_of_dead(world, *shard);
    if (!lost.empty() && must_be_forgotten_first(world, member))
      return {false, Reason::kShardLost,
              "every member of the shard is known dead, the data of slots " + to_string(lost) +
                  " is lost; waiting until every node has forgotten its primary"};
    if (!lost.empty())
      return {true, Reason::kShardLost,
              "every member of the shard is known dead, nothing is left to wipe; the data of slots " + to_string(lost) + " is lost"};
  }
  if (!world.views_known) return {false, Reason::kViewUnknown, "a live node's view of the cluster is not known yet"};
  if (const auto text = objection(world, member); !text.empty()) return {false, Reason::kGateShut, text};
  const bool had_life = member.dead_id.has_value();
  if (world.majority == nullptr || had_life) {
    // Nobody to ask, or an old life whose slots might be served out of sight: everyone must have been heard, or a majority of
    // the slot-owning primaries must be among those that answered.
    const auto voters = world.voters();
    const auto up = std::ranges::count_if(voters, [&](const NodeRow* row) {
      const auto index = world.by_id(row->id);
      return index && world.members[*index].is_up();
    });
    const bool majority_answers = !voters.empty() && static_cast<std::size_t>(up) >= voters.size() / 2 + 1;
    const auto* hidden = hidden_server(world);
    if (!majority_answers && hidden != nullptr)
      return {false, Reason::kAgentSilent, "pod " + hidden->name().value + " is unreachable and may run a server that lists this address"};
    const auto* nameless = had_life ? nameless_server(world, member) : nullptr;
    if (!majority_answers && nameless != nullptr)
      return {false, Reason::kAgentSilent,
              "the server of pod " + nameless->name().value + " runs but has not answered, and may follow the one that ran here"};
    const auto unaccounted = majority_answers ? std::string() : unaccounted_replica(world, member);
    if (!unaccounted.empty())
      return {false, Reason::kGateShut,
              "its replica at " + unaccounted +
                  " was online and has no pod any more; it is not known dead; if you know that it is, say: shardkeeper takeover "
                  "--confirm-lost " +
                  unaccounted.substr(0, unaccounted.rfind(':'))};
  }
  if (const SlotSet lost = lost_with(world, member); !lost.empty())
    return {true, Reason::kShardLost, "nothing is left to wipe; the data of slots " + to_string(lost) + " is lost"};
  return {true, had_life ? Reason::kReplaced : Reason::kFirstStart,
          had_life ? "no live node lists the old server with slots or replicas" : "no live node lists another server at this address"};
}

}  // namespace

Verdict check_gates(const World& world, const Claims&, model::History& history) {
  Verdict verdict;
  for (const auto& member : world.members) {
    if (member.state == nullptr || member.presence != Presence::kDead || !member.state->gate.is_waiting() || member.leaving) continue;
    if (member.info->pod.is_deleting || world.now() - member.info->heard_at > world.spec().node_timeout) continue;
    const auto& request = *member.state->gate.request;
    if (!is_supported(request.version)) {
      verdict.hold(Reason::kUnsupportedVersion, model::about(member.name()),
                   "server version " + to_string(request.version) + " is not supported; use Valkey 8.0 or newer");
      continue;
    }
    if (const auto& trouble = member.state->tls_trouble; !trouble.empty()) {
      verdict.hold(Reason::kTlsRejected, model::about(member.name()), "start not granted: " + trouble);
      continue;
    }
    const auto shard = member.shard ? world.shards.find(*member.shard) : world.shards.end();
    const ShardView* view = shard == world.shards.end() ? nullptr : &shard->second;
    const Ruling ruling = rule(world, member, view);
    if (ruling.reason == Reason::kShardLost && view != nullptr) history.lost[*member.shard] = slots_of_dead(world, *view);
    if (!ruling.may_start) {
      verdict.hold(ruling.reason, model::about(member.name()), "start not granted: " + ruling.detail);
      continue;
    }
    verdict.order(member, command::GrantStart{request.id, ruling.detail}, ruling.reason, ruling.detail);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
