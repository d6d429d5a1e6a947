#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// While nobody serves, a short node timeout makes a primary's cluster_state turn ok 0.5 s after its slots came, instead of 5 s (facts §12,
// "Create fast"), and tells the voters about new replicas within 0.25 s. It makes every node ping every other four times a second, so only
// those that need it get it, and where that is more than a few hundred pings, not before they have met everybody. Else it comes at once: ordered
// when the last one is met it would come later than the 0.5 s that it shortens the wait to.
constexpr std::chrono::milliseconds kFormingNodeTimeout{500};
constexpr std::ptrdiff_t kFewNodes = 24;

Epoch highest_epoch(const World& world) {
  Epoch highest;
  for (const auto& member : world.members)
    if (member.state != nullptr) highest = std::max({highest, member.state->config_epoch, member.state->current_epoch});
  for (const auto* view : world.distinct_views)
    for (const auto& row : view->rows) highest = std::max(highest, row.config_epoch);
  for (const auto& item : world.snapshot().in_flight)
    if (const auto* order = std::get_if<model::Order>(&item.step.action))
      if (const auto* set = std::get_if<command::SetConfigEpoch>(&order->command)) highest = std::max(highest, set->epoch);
  return highest;
}

// Nobody holds a key: a cluster that is being made, or made again. Servers with data keep the timeout that protects it.
bool is_forming(const World& world) {
  return std::ranges::none_of(world.members, [](const Member& m) {
    if (m.presence == Presence::kUnheard)
      return std::ranges::any_of(m.info->pod.containers, [](const auto& c) { return c.name == "valkey" && !c.id.empty(); });
    return m.state != nullptr && (m.state->keys > 0 || m.presence == Presence::kSilent);
  });
}

bool may_ping_often(const World& world, const Member& member) {
  const auto up = std::ranges::count_if(world.members, [](const Member& m) { return m.is_up(); });
  const bool has_met_everybody = member.view != nullptr && member.view->rows.size() >= static_cast<std::size_t>(up);
  return up <= kFewNodes || has_met_everybody;
}

void shorten_timeout(const World& world, const Member& member, Verdict& verdict) {
  const auto timeout = std::min(member.state->node_timeout, world.spec().node_timeout);
  const bool waits = member.owns_slots() && !member.state->cluster_state_ok;
  if (!waits || timeout <= kFormingNodeTimeout || !may_ping_often(world, member)) return;
  verdict.order(member, command::SetConfig{{{"cluster-node-timeout", std::to_string(kFormingNodeTimeout.count())}}}, Reason::kNewNode,
                "nobody holds data yet: a short timeout until every voter knows everybody");
}

}  // namespace

Verdict check_new_nodes(const World& world, const Claims&, model::History&) {
  Verdict verdict;
  Epoch next = highest_epoch(world);
  const bool forming = is_forming(world);
  for (const auto& member : world.members) {
    if (!member.is_primary() || member.leaving) continue;
    // One that was met before it had an epoch, because another server ran at its address, still gets one.
    const bool has_nothing = member.view != nullptr && member.state->slots.empty();
    if (has_nothing && member.state->config_epoch.value == 0 && !world.in_flight("set-config-epoch:" + member.name().value)) {
      ++next.value;
      verdict.order(member, command::SetConfigEpoch{next}, Reason::kNewNode, "no other node has epoch " + to_string(next));
    }
    if (forming) shorten_timeout(world, member, verdict);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
