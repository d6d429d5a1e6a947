// A dead id is one in any table that no pod's agent claims and that is not just unreachable (architecture §6). It is forgotten
// whenever seen, so no list has to be stored.
#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// An agent that was not heard yet may run the node behind this row.
bool may_be_unheard(const World& world, const NodeRow& row) {
  return std::ranges::any_of(world.members, [&](const Member& m) {
    return m.presence == Presence::kUnheard && (row.has_no_address || row.endpoint.ip.empty() || row.endpoint.ip == m.info->pod.ip);
  });
}

bool has_live_follower(const World& world, const NodeId& id) {
  return std::ranges::any_of(world.members,
                             [&](const Member& m) { return m.id && m.state->role == Role::kReplica && m.state->primary_id == id; });
}

bool owns_slots_anywhere(const World& world, const NodeId& id) {
  return std::ranges::any_of(world.distinct_views, [&](const TopologyView* view) {
    const auto* row = view->find(id);
    return row != nullptr && row->role == Role::kPrimary && !row->slots.empty();
  });
}

// Another server runs at its address, or its agent or the platform said that it ended, or its own cluster gave it up.
bool is_gone(const World& world, const NodeRow& row) {
  if (world.dead_evidence(row.id)) return true;
  const auto at_address = world.by_endpoint(row.endpoint);
  if (at_address && world.members[*at_address].id && world.members[*at_address].id != row.id) return true;
  return row.is_failed || row.has_no_address;
}

// Its slots may be given away only when its shard is lost for good and the user wants them served again empty.
bool slots_may_go(const World& world, const NodeRow& row) {
  if (world.spec().shard_loss_policy != model::ShardLossPolicy::kRecreate) return false;
  if (std::ranges::any_of(world.members, [](const Member& m) { return !m.is_reachable() && m.presence != Presence::kDead; })) return false;
  // Without an address: its peers themselves saw another server answer there. It is all that is left of that after a coordinator's start.
  const bool proof = world.dead_evidence(row.id) || row.has_no_address || [&] {
    const auto at_address = world.by_endpoint(row.endpoint);
    return at_address && world.members[*at_address].id && world.members[*at_address].id != row.id;
  }();
  if (!proof) return false;
  // A replica that nobody accounts for may still hold the data.
  return std::ranges::none_of(world.distinct_views, [&](const TopologyView* view) {
    return std::ranges::any_of(view->rows, [&](const NodeRow& other) {
      return other.primary_id == row.id && !world.dead_evidence(other.id) && !is_gone(world, other);
    });
  });
}

// Evidence is kept as long as somebody lists the id, or may: while nobody is up or some view is not known, that cannot be told. By
// address it is kept as long as a dead server's last words name a replica there.
void remember_deaths(const World& world, model::History& history) {
  const bool can_tell = world.views_known && !world.distinct_views.empty();
  std::erase_if(history.seen_dead, [&](const auto& entry) {
    return can_tell &&
           std::ranges::none_of(world.distinct_views, [&](const TopologyView* view) { return view->find(entry.first) != nullptr; });
  });
  for (const auto& member : world.members)
    if (member.dead_id) history.seen_dead[*member.dead_id] = member.evidence;

  std::set<std::string> named;
  for (const auto& member : world.members)
    if (member.state != nullptr && member.state->last_life)
      for (const auto& replica : member.state->last_life->replication.online_replicas) named.insert(replica.endpoint.ip);
  std::erase_if(history.dead_at, [&](const std::string& ip) { return !named.contains(ip); });
  for (const auto& member : world.members) {
    if (member.presence == Presence::kDead && named.contains(member.info->pod.ip)) history.dead_at.insert(member.info->pod.ip);
    if (member.is_up()) history.dead_at.erase(member.info->pod.ip);
  }
}

}  // namespace

Verdict check_ghosts(const World& world, const Claims&, model::History& history) {
  Verdict verdict;
  remember_deaths(world, history);
  if (!world.views_known) return verdict;
  std::set<NodeId> ghosts;
  for (const auto* view : world.distinct_views)
    for (const auto& row : view->rows) {
      if (ghosts.contains(row.id) || world.by_id(row.id) || may_be_unheard(world, row) || !is_gone(world, row)) continue;
      if (has_live_follower(world, row.id)) continue;
      if (owns_slots_anywhere(world, row.id) && !slots_may_go(world, row)) {
        if (!world.dead_evidence(row.id) || world.spec().shard_loss_policy == model::ShardLossPolicy::kWait)
          verdict.hold(Reason::kShardLost, "node " + row.id.short_form(),
                       "it is gone with " + std::to_string(row.slots.count()) + " slots (" + to_string(row.slots) +
                           ") and nobody else has their data");
        continue;
      }
      ghosts.insert(row.id);
    }
  for (const auto& member : world.members) {
    if (!member.is_up() || member.view == nullptr || ghosts.empty()) continue;
    command::Forget forget;
    for (const auto& id : ghosts)
      if (member.view->find(id) != nullptr && member.state->primary_id != id) forget.ids.push_back(id);
    if (!forget.ids.empty()) verdict.order(member, std::move(forget), Reason::kGhost, "nobody runs it any more");
  }
  return verdict;
}

}  // namespace shardkeeper::plan
