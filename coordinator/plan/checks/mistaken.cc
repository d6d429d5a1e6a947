#include "coordinator/plan/checks/checks.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Each pair of nodes has two links, and a word that a node sent as a primary may arrive after one that it sent as a replica. Then its role is
// that of a primary again, but its shard-id stays its new primary's; and within a shard a node takes every word of a role for an old one whose
// epoch is below that which it knows of the sender (facts §5, #2811: 9.1, and late 8.x and 9.0; seen in one of eight creations of 10 shards on a
// busy machine). It would refuse the replica its vote for ever.
bool mistakes(const TopologyView& view, const Member& replica, const Member& primary) {
  const auto* row = view.find(*replica.id);
  return row != nullptr && row->role == Role::kPrimary && row->slots.empty() && row->config_epoch > primary.state->config_epoch;
}

std::vector<const Member*> who_mistakes(const World& world, const Member& replica, const Member& primary) {
  std::vector<const Member*> found;
  const bool any = std::ranges::any_of(world.distinct_views, [&](const auto* view) { return mistakes(*view, replica, primary); });
  if (!any) return found;
  for (const auto& viewer : world.members)
    if (viewer.view != nullptr && mistakes(*viewer.view, replica, primary)) found.push_back(&viewer);
  return found;
}

// Within which these ping everybody, and so learn a new replica's role.
Duration gossip_time(const std::vector<const Member*>& viewers) {
  Duration longest{0};
  for (const auto* viewer : viewers) longest = std::max<Duration>(longest, viewer->state->node_timeout / 2);
  return longest + std::chrono::milliseconds(500);
}

// Two that are raised at once would take the same epoch; the next one takes its own when it has heard of the last one's.
bool is_any_raised(const World& world) {
  return std::ranges::any_of(world.snapshot().in_flight, [](const model::InFlight& item) {
    const auto* order = std::get_if<model::Order>(&item.step.action);
    return order != nullptr && std::holds_alternative<command::RaiseEpoch>(order->command);
  });
}

// An epoch that is raised must not win anything back from anybody (facts §4, §5 #974, §15): not on the small side of a netsplit, where the others
// may have given the slots to somebody else, and not while the shard or a slot changes hands. RETURNS what speaks against it; "": nothing.
std::string doubt(const World& world, ShardId shard, const Member& primary, Epoch epoch) {
  const auto& state = *primary.state;
  if (!primary.is_up() || state.fenced || !state.cluster_state_ok || primary.info->pod.is_deleting) return "its primary is not well";
  if (!world.views_known) return "views are being asked for";
  for (const auto* voter : world.voters()) {
    const auto index = world.by_id(voter->id);
    if (!index || !world.members[*index].is_up()) return "voter " + voter->id.short_form() + " is out of reach";
  }
  for (const auto* view : world.voters_views) {
    const auto* row = view != nullptr ? view->find(*primary.id) : nullptr;
    if (row == nullptr || row->is_failed || row->is_suspected || row->slots != state.slots) return "a voter doubts its primary";
  }
  const bool moves = state.moves_slots();
  if (primary.is_taker || moves || !state.open_slots.empty()) return "slots of its shard are moving";
  if (world.in_flight("promote:" + to_string(shard))) return "its shard is handed over";
  const bool knows_all = epoch <= state.current_epoch && std::ranges::all_of(world.members, [&](const Member& m) {
                           return m.state == nullptr || m.state->config_epoch <= state.current_epoch;
                         });
  return is_any_raised(world) || !knows_all ? "another epoch is new" : "";
}

class Mending {
 public:
  Mending(const World& world, model::History& history, Verdict& verdict) : world_(world), history_(history), verdict_(verdict) {}
  ~Mending() { history_.mistaken = std::move(mistaken_); }

  void look(ShardId shard, const Member& primary, const Member& replica) {
    const auto viewers = who_mistakes(world_, replica, primary);
    if (viewers.empty()) return;
    const auto known = history_.mistaken.find(*replica.id);
    auto& mistaken = mistaken_[*replica.id];
    mistaken = known == history_.mistaken.end() ? model::Mistaken{world_.now(), 0} : known->second;
    if (const TimePoint until = mistaken.since + gossip_time(viewers); world_.now() < until) return verdict_.look_again(until);
    // Tables of servers at rest may be five seconds old.
    if (mistaken.nonce == 0) mistaken.nonce = ++history_.last_nonce;
    bool is_awaited = false;
    for (const auto* viewer : viewers) {
      if (viewer->state->nonce >= mistaken.nonce) continue;
      verdict_.step(model::AskReport{viewer->name(), mistaken.nonce}, Reason::kReportWanted, "it takes a replica for a primary");
      is_awaited = true;
    }
    if (is_awaited) return;
    const std::string who = viewers.front()->name().value + " takes it for a primary";
    Epoch epoch;
    for (const auto* viewer : viewers) epoch = std::max(epoch, viewer->view->find(*replica.id)->config_epoch);
    const std::string against = !verdict_.claims.empty() ? "another epoch is new" : doubt(world_, shard, primary, epoch);
    if (!against.empty()) return verdict_.hold(Reason::kMistaken, model::about(replica.name()), who + "; " + against);
    verdict_.order(primary, command::RaiseEpoch{epoch}, Reason::kMistaken, replica.name().value + ": " + who);
    verdict_.claims.insert(shard);
  }

 private:
  const World& world_;
  model::History& history_;
  Verdict& verdict_;
  std::map<NodeId, model::Mistaken> mistaken_;
};

}  // namespace

Verdict check_mistaken(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  Mending mending(world, history, verdict);
  for (const auto& [id, shard] : world.shards) {
    if (claimed.contains(id) || !shard.primary) continue;
    const auto& primary = world.members[*shard.primary];
    for (const auto index : shard.members) {
      const auto& member = world.members[index];
      if (member.is_up() && member.is_replica() && member.id && member.state->primary_id == primary.id) mending.look(id, primary, member);
    }
  }
  return verdict;
}

}  // namespace shardkeeper::plan
