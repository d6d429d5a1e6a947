#include "coordinator/plan/checks/checks.h"

#include <algorithm>
#include <numeric>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Long enough for a handshake under load; while one is under way a server takes another MEET for the same address as done.
constexpr Duration kMeetAgainAfter = std::chrono::seconds(1);

bool may_be_met(const Member& member) {
  return member.is_up() && member.view != nullptr && member.id && !member.leaving &&
         member.state->config_epoch.value + member.state->current_epoch.value > 0;
}

bool knows(const Member& member, const Member& other) {
  const auto* row = member.view->find(*other.id);
  return row != nullptr && !row->has_no_address && row->endpoint.ip == other.info->pod.ip;
}

// Which members hang together, by who knows whom: equal numbers are one island.
std::vector<std::size_t> islands_of(const std::vector<const Member*>& nodes) {
  std::vector<std::size_t> island(nodes.size());
  std::iota(island.begin(), island.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (island[i] != i) i = island[i] = island[island[i]];
    return i;
  };
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (std::size_t j = i + 1; j < nodes.size(); ++j)
      if (knows(*nodes[i], *nodes[j]) || knows(*nodes[j], *nodes[i])) island[root(j)] = root(i);
  for (std::size_t i = 0; i < nodes.size(); ++i) island[i] = root(i);
  return island;
}

// When islands meet, the owner with the lower epoch deletes its keys in slots that both claim. Names the loser with keys, if any.
std::optional<std::string> overlap_with_keys(const Member& a, const Member& b) {
  if (!a.owns_slots() || !b.owns_slots() || !a.state->slots.overlaps(b.state->slots)) return std::nullopt;
  // With equal epochs the smaller node id wins, but only after both have claimed: whoever holds keys is taken for the loser.
  const bool a_loses = a.state->config_epoch == b.state->config_epoch ? a.state->keys > 0 : a.state->config_epoch < b.state->config_epoch;
  const Member& loser = a_loses ? a : b;
  if (loser.state->keys == 0) return std::nullopt;
  const Member& winner = &loser == &a ? b : a;
  return loser.name().value + " (epoch " + to_string(loser.state->config_epoch) + ", " + std::to_string(loser.state->keys) + " keys) and " +
         winner.name().value + " (epoch " + to_string(winner.state->config_epoch) + ") both own slots " +
         to_string(a.state->slots.common_with(b.state->slots)) + "; joining them would delete the former's keys";
}

// Pairs of islands that must not be joined.
std::set<std::pair<std::size_t, std::size_t>> forbidden_pairs(const std::vector<const Member*>& nodes,
                                                              const std::vector<std::size_t>& island, Verdict& verdict) {
  std::set<std::pair<std::size_t, std::size_t>> forbidden;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (std::size_t j = i + 1; j < nodes.size(); ++j) {
      if (island[i] == island[j]) continue;
      if (const auto text = overlap_with_keys(*nodes[i], *nodes[j])) {
        forbidden.insert(std::minmax(island[i], island[j]));
        verdict.hold(Reason::kIslandsOverlap, "cluster", *text);
      }
    }
  return forbidden;
}

// Everyone that is up stands in one agreed view with a usable address.
bool all_known(const World& world, const std::vector<const Member*>& nodes) {
  return world.all_agree && std::ranges::all_of(nodes, [&](const Member* node) { return knows(*nodes.front(), *node); });
}

}  // namespace

Verdict check_islands(const World& world, const Claims&, model::History& history) {
  Verdict verdict;
  std::vector<const Member*> nodes;
  for (const auto& member : world.members)
    if (may_be_met(member)) nodes.push_back(&member);
  if (nodes.size() < 2 || all_known(world, nodes)) return verdict;

  const auto island = islands_of(nodes);
  const auto forbidden = forbidden_pairs(nodes, island, verdict);
  std::map<const Member*, std::vector<const Member*>> meets;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (std::size_t j = i + 1; j < nodes.size(); ++j) {
      if (forbidden.contains(std::minmax(island[i], island[j]))) continue;
      const bool is_known = knows(*nodes[j], *nodes[i]), knows_other = knows(*nodes[i], *nodes[j]);
      if (is_known && knows_other) continue;
      // A stranger to the other one asks: an agent sends no MEET to a node that its server knows. Of two strangers the one that knows
      // less does, so that a newcomer meets everybody in one order.
      const bool first_asks = is_known == knows_other ? nodes[i]->view->rows.size() <= nodes[j]->view->rows.size() : is_known;
      meets[first_asks ? nodes[i] : nodes[j]].push_back(first_asks ? nodes[j] : nodes[i]);
    }
  for (const auto* node : nodes) {  // in order of pods
    const auto found = meets.find(node);
    if (found == meets.end() || world.in_flight("meet:" + node->name().value)) continue;
    auto& asked = history.met[node->name()];
    command::Meet meet;
    for (const auto* peer : found->second) {
      auto& at = asked[*peer->id];
      if (at.since_start.count() != 0 && world.now() - at < kMeetAgainAfter) continue;
      at = world.now();
      meet.peers.push_back({peer->info->pod.ip, peer->state->announced.port, peer->state->announced.bus_port});
    }
    verdict.look_again(world.now() + kMeetAgainAfter);
    if (!meet.peers.empty()) verdict.order(*node, std::move(meet), Reason::kIslands, "they do not know each other");
  }
  std::erase_if(history.met, [&](const auto& entry) {
    return std::ranges::none_of(world.members, [&](const Member& m) { return m.name() == entry.first; });
  });
  return verdict;
}

}  // namespace shardkeeper::plan
