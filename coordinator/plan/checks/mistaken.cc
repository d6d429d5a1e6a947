#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

struct Mistake {
  Epoch epoch;           // that a node knows of the replica as a primary
  Duration gossip_time;  // within which that node pings every other, and so learns a new replica's role
};

// Each pair of nodes has two links, and a word that a node sent as a primary may arrive after one that it sent as a replica. Then its role is
// that of a primary again, but its shard-id stays its new primary's; and within a shard a node takes every word of a role for an old one whose
// epoch is below that which it knows of the sender (facts §5, #2811: 9.1, and late 8.x and 9.0; seen in one of eight creations of 10 shards on a
// busy machine). It would refuse the replica its vote for ever.
std::optional<Mistake> find_mistake(const World& world, const Member& replica, const Member& primary) {
  std::optional<Mistake> worst;
  for (const auto& viewer : world.members) {
    const auto* row = viewer.view != nullptr ? viewer.view->find(*replica.id) : nullptr;
    if (row == nullptr || row->role != Role::kPrimary || !row->slots.empty() || row->config_epoch <= primary.state->config_epoch) continue;
    const Mistake mistake{row->config_epoch, viewer.state->node_timeout / 2 + std::chrono::milliseconds(500)};
    if (!worst) worst = mistake;
    worst->epoch = std::max(worst->epoch, mistake.epoch);
    worst->gossip_time = std::max(worst->gossip_time, mistake.gossip_time);
  }
  return worst;
}

// Two that are raised at once would take the same epoch; the next one takes its own when it has heard of the last one's.
bool may_raise(const World& world, const Member& primary) {
  const bool one_is_raised = std::ranges::any_of(world.snapshot().in_flight, [](const model::InFlight& item) {
    const auto* order = std::get_if<model::Order>(&item.step.action);
    return order != nullptr && std::holds_alternative<command::RaiseEpoch>(order->command);
  });
  return !one_is_raised && std::ranges::all_of(world.members, [&](const Member& m) {
    return m.state == nullptr || m.state->config_epoch <= primary.state->current_epoch;
  });
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
      const auto mistake = find_mistake(world, member, primary);
      if (!mistake) continue;
      const auto known = history.mistaken_since.find(*member.id);
      const TimePoint at = known == history.mistaken_since.end() ? world.now() : known->second;
      since.emplace(*member.id, at);
      if (const TimePoint until = at + mistake->gossip_time; world.now() < until) {
        verdict.look_again(until);
      } else if (verdict.steps.empty() && may_raise(world, primary) && owns_beyond_doubt(world, primary)) {
        verdict.order(primary, command::RaiseEpoch{mistake->epoch}, Reason::kMistaken,
                      "a node takes its replica " + member.name().value + " for a primary of epoch " + to_string(mistake->epoch));
      }
    }
  }
  history.mistaken_since = std::move(since);
  return verdict;
}

}  // namespace shardkeeper::plan
