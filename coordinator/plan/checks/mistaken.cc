#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Every node pings every other within half a node timeout, and so learns a new replica's role.
Duration gossip_time(const World& world) { return world.spec().node_timeout / 2 + std::chrono::seconds(1); }

// Each pair of nodes has two links, and a word that a node sent as a primary may arrive after one that it sent as a replica. Then its role is
// that of a primary again, but its shard-id stays its new primary's; and within a shard a node takes every word of a role for an old one whose
// epoch is below that which it knows of the sender (facts §5, #2811: 9.1, and late 8.x and 9.0; seen in two of fifty creations of 10 shards on a
// busy machine). It would refuse the replica its vote for ever. RETURNS that epoch.
std::optional<Epoch> mistaken_epoch(const World& world, const Member& replica, const Member& primary) {
  std::optional<Epoch> highest;
  for (const auto* view : world.distinct_views) {
    const auto* row = view->find(*replica.id);
    if (row == nullptr || row->role != Role::kPrimary || !row->slots.empty() || row->config_epoch <= primary.state->config_epoch) continue;
    highest = std::max(highest.value_or(row->config_epoch), row->config_epoch);
  }
  return highest;
}

// A raised epoch must not win anything back from anybody (facts §4, §15).
bool owns_beyond_doubt(const World& world, const Member& primary) {
  if (!primary.is_up() || primary.state->fenced || primary.is_taker || !primary.state->open_slots.empty()) return false;
  const auto& migration = primary.state->migration;
  if (migration && migration->stage == MigrationProgress::Stage::kRunning) return false;
  return std::ranges::all_of(world.voters_views, [&](const TopologyView* view) {
    const auto* row = view != nullptr ? view->find(*primary.id) : nullptr;
    return row != nullptr && !row->is_failed && row->slots == primary.state->slots;
  });
}

}  // namespace

Verdict check_mistaken(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  std::map<NodeId, TimePoint> since;
  for (const auto& [id, shard] : world.shards) {
    if (claimed.contains(id) || !shard.primary) continue;
    const auto& primary = world.members[*shard.primary];
    for (const auto index : shard.members) {
      const auto& member = world.members[index];
      if (!member.is_up() || !member.is_replica() || !member.id || member.state->primary_id != primary.id) continue;
      const auto epoch = mistaken_epoch(world, member, primary);
      if (!epoch) continue;
      const auto known = history.mistaken_since.find(*member.id);
      const TimePoint at = known == history.mistaken_since.end() ? world.now() : known->second;
      since.emplace(*member.id, at);
      if (const TimePoint until = at + gossip_time(world); world.now() < until) {
        verdict.look_again(until);
      } else if (owns_beyond_doubt(world, primary)) {
        verdict.order(primary, command::RaiseEpoch{*epoch}, Reason::kMistaken,
                      "a node takes its replica " + member.name().value + " for a primary of epoch " + to_string(*epoch));
      }
    }
  }
  history.mistaken_since = std::move(since);
  return verdict;
}

}  // namespace shardkeeper::plan
