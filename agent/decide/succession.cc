#include "agent/decide/succession.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace shardkeeper::agent {
namespace {

// Null when `state` may take over for `primary`; else why not.
const char* objection(const NodeState& state, const NodeId& primary, const std::string& replication_id) {
  if (state.condition != ServerCondition::kUp) return "is not up";
  if (state.role != Role::kReplica || state.primary_id != primary) return "is not its replica";
  if (!state.replication.has_synced) return "has not finished a sync";
  if (state.replication.replication_id != replication_id) return "carries another replication id";
  return nullptr;
}

Result<std::size_t> freshest(const std::vector<PeerReport>& reports, const std::function<const char*(const NodeState&)>& objection_to) {
  std::optional<std::size_t> best;
  std::string objections;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const NodeState& state = reports[i].state;
    if (const char* why = objection_to(state)) {
      objections += (objections.empty() ? "" : ", ") + reports[i].peer.pod.value + " " + why;
      continue;
    }
    const auto rank = [&](std::size_t at) { return reports[at].state.replication.offset_bytes; };
    if (!best || rank(i) > rank(*best) || (rank(i) == rank(*best) && reports[i].peer.pod < reports[*best].peer.pod)) best = i;
  }
  if (best) return *best;
  return not_found("successor", reports.empty() ? "no other agent of the shard answered" : "no replica may take over: " + objections);
}

}  // namespace

Result<std::size_t> choose_after_death(const LastLife& dead, const std::vector<PeerReport>& reports) {
  return freshest(reports, [&](const NodeState& state) { return objection(state, dead.node_id, dead.replication.replication_id); });
}

Result<std::size_t> choose_for_hand_over(const NodeState& primary, const std::vector<PeerReport>& reports) {
  if (!primary.node_id) return not_found("successor", "the primary's node id is not known");
  return freshest(reports, [&](const NodeState& state) -> const char* {
    if (const char* why = objection(state, *primary.node_id, primary.replication.replication_id)) return why;
    return state.replication.link_up ? nullptr : "has no link to the primary";
  });
}

bool all_online_reported(const LastLife& dead, const std::vector<PeerReport>& reports) {
  return std::ranges::all_of(dead.replication.online_replicas, [&](const OnlineReplica& online) {
    return std::ranges::any_of(reports, [&](const PeerReport& report) {
      return report.state.announced.ip == online.endpoint.ip && report.state.announced.port == online.endpoint.port;
    });
  });
}

bool can_win_force(const TopologyView& view) {
  int owners = 0;
  int voters = 0;
  for (const auto& row : view.rows) {
    if (row.role != Role::kPrimary || row.slots.empty()) continue;
    ++owners;
    if (!row.is_myself && !row.is_failed && !row.is_suspected && !row.has_no_address) ++voters;
  }
  return owners >= 3 && voters > owners / 2;
}

}  // namespace shardkeeper::agent
