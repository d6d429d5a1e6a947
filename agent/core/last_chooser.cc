#include "agent/core/last_chooser.h"

#include "common/log/log.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

// Long enough for a lost election to be over, short enough not to hold up a coordinator that comes back.
constexpr std::chrono::milliseconds kForcedTicketFor{2'000};

bool has_successor(const LastLife& dead, const std::vector<PeerReport>& reports) {
  return std::ranges::any_of(reports, [&](const PeerReport& report) {
    return report.state.condition == ServerCondition::kUp && report.state.role == Role::kPrimary && report.state.slots.overlaps(dead.slots);
  });
}

}  // namespace

void LastChooser::process_ended(const LastLife& dead, const TopologyView* view, const std::vector<rpc::Peer>& peers) {
  cancel();
  const bool is_slot_owner = dead.role == Role::kPrimary && !dead.slots.empty();
  if (!is_slot_owner || view == nullptr || !can_win_force(*view)) return;
  peers_ = peers_of_shard(peers, config_.pod);
  if (peers_.empty()) return;
  dead_ = dead;
  patience_ = scheduler_.after(config_.chooser_patience, [this] { survey(); });
}

void LastChooser::cancel() {
  dead_.reset();
  patience_.reset();
  survey_.reset();
}

void LastChooser::survey() {
  if (tickets_.running(scheduler_.now())) return cancel();  // somebody has chosen
  const auto enough = [dead = *dead_](const std::vector<PeerReport>& reports) {
    return !dead.replication.online_replicas.empty() && all_online_reported(dead, reports);
  };
  survey_ = std::make_unique<PeerSurvey>(scheduler_, calls_, peers_, config_.straggler_wait, enough,
                                         [this](std::vector<PeerReport> reports) { choose(std::move(reports)); });
}

void LastChooser::choose(std::vector<PeerReport> reports) {
  if (tickets_.running(scheduler_.now()) || has_successor(*dead_, reports)) return cancel();
  const auto chosen = choose_after_death(*dead_, reports);
  if (!chosen) {
    log::warn("no replica can take over from the server that died here", {{"reason", to_string(chosen.error())}});
    return cancel();
  }
  ask(reports[*chosen]);
}

void LastChooser::ask(const PeerReport& chosen) {
  const command::Ticket wanted{chosen.peer.pod, command::FailoverMode::kForce, "agent:" + config_.pod.value, kForcedTicketFor};
  const command::Ticket ticket = tickets_.take(wanted, scheduler_.now());
  const command::Failover failover{command::FailoverMode::kForce, dead_->node_id, chosen.state.config_epoch, ticket};
  log::warn("no coordinator acted on the death here: asking a replica to take over", {{"replica", chosen.peer.pod.value}});
  calls_.execute(chosen.peer, failover, [replica = chosen.peer.pod.value](const Result<command::Outcome>& outcome) {
    if (!outcome) log::warn("the replica did not take over", {{"replica", replica}, {"error", to_string(outcome.error())}});
  });
  cancel();
}

}  // namespace shardkeeper::agent
