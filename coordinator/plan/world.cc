#include "coordinator/plan/world.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::PodInfo;

bool is_out_of_service(const PodInfo& info, const std::vector<model::Worker>& workers) {
  const auto worker = std::ranges::find(workers, info.pod.worker, &model::Worker::name);
  return worker != workers.end() && std::ranges::find(worker->taints, model::kTaintOutOfService) != worker->taints.end();
}

// Known dead, in the three ways of architecture §6; empty when the process may live.
std::string death_evidence(const PodInfo& info, const std::vector<model::Worker>& workers) {
  if (info.state && info.state->gate.is_known_dead()) return "lock free";
  if (info.pod.server_ended()) return "container ended";
  if (is_out_of_service(info, workers)) return "worker out of service";
  return {};
}

Presence presence_of(const PodInfo& info, const std::string& evidence, TimePoint now, Duration node_timeout) {
  if (!evidence.empty()) return Presence::kDead;
  if (!info.state) return Presence::kUnheard;
  if (now - info.heard_at > node_timeout) return Presence::kSilent;
  switch (info.state->condition) {
    case ServerCondition::kUp: return Presence::kUp;
    case ServerCondition::kHung: return Presence::kHung;
    // A granted start that has not taken the lock yet counts as starting: it may live any moment.
    case ServerCondition::kDown:
    case ServerCondition::kStarting:
    case ServerCondition::kLoading: return Presence::kStarting;
  }
  return Presence::kStarting;
}

}  // namespace

std::optional<NodeId> last_server_of(const NodeState& state) {
  return state.last_life && state.condition == ServerCondition::kDown ? std::optional(state.last_life->node_id) : state.node_id;
}

void remember_ends(const model::Snapshot& snapshot, model::History& history) {
  for (const auto& info : snapshot.pods) {
    if (!info.state || !info.pod.server_ended()) continue;
    if (const auto id = last_server_of(*info.state)) history.seen_dead.try_emplace(*id, "container ended");
  }
}

World::World(const model::Snapshot& snapshot, const model::History& history) : snapshot_(snapshot), history_(history) {
  for (const auto& item : snapshot.in_flight) in_flight_.insert(key_of(item.step));
  index_members(history);
  index_views();
  index_takers();
  index_shards();
}

void World::index_members(const model::History&) {
  members.reserve(snapshot_.pods.size());
  for (const auto& info : snapshot_.pods) {
    Member member;
    member.info = &info;
    member.state = info.state.get();
    member.evidence = death_evidence(info, snapshot_.workers);
    member.presence = presence_of(info, member.evidence, now(), spec().node_timeout);
    member.shard = info.pod.shard();
    if (member.state != nullptr) {
      if (member.presence == Presence::kDead)
        member.dead_id = last_server_of(*member.state);
      else
        member.id = member.state->node_id;
      if (member.is_up()) {
        const auto view = snapshot_.views.find(member.state->view_hash);
        if (view != snapshot_.views.end()) member.view = view->second.get();
      }
    }
    const std::size_t index = members.size();
    if (member.id) by_id_.emplace(member.id->str(), index);
    if (member.dead_id) by_dead_id_.emplace(member.dead_id->str(), index);
    if (!info.pod.ip.empty()) by_ip_.emplace(info.pod.ip, index);
    members.push_back(std::move(member));
  }
}

void World::index_views() {
  // Where no owner of slots is up, the view that knows of most slots counts: a newcomer that never heard a dead primary knows little of it.
  struct Weight {
    int voters = 0;
    int slots_known = 0;
    int holders = 0;
    auto operator<=>(const Weight&) const = default;
  };
  std::map<const TopologyView*, Weight> weights;
  views_known = true;
  int up = 0;
  for (const auto& member : members) {
    if (!member.is_up()) continue;
    ++up;
    owned_ = owned_.united(member.state->slots);
    if (member.owns_slots() && std::ranges::find(voters_views, member.view) == voters_views.end()) voters_views.push_back(member.view);
    if (member.view == nullptr) {
      views_known = false;
      continue;
    }
    auto& weight = weights[member.view];
    weight.voters += member.owns_slots() ? 1 : 0;
    ++weight.holders;
  }
  for (auto& [view, weight] : weights)
    if (weight.voters == 0)
      for (const auto& row : view->rows) weight.slots_known += row.slots.count();
  Weight best;
  for (const auto& member : members) {  // in order of members, so that ties never depend on addresses of views
    if (member.view == nullptr || !weights.contains(member.view)) continue;
    const Weight weight = weights[member.view];
    if (majority == nullptr || weight > best) {
      majority = member.view;
      best = weight;
    }
    if (std::ranges::find(distinct_views, member.view) == distinct_views.end()) distinct_views.push_back(member.view);
  }
  all_agree = up > 0 && views_known && distinct_views.size() == 1;
  for (const auto* view : distinct_views)
    for (const auto& row : view->rows)
      if (row.role == Role::kPrimary && !row.slots.empty()) owned_ = owned_.united(row.slots);
}

void World::index_takers() {
  const auto note = [this](const NodeId& target) {
    if (const auto index = by_id(target)) members[*index].is_taker = true;
  };
  for (const auto& member : members) {
    if (member.state == nullptr || member.presence == Presence::kDead || !member.state->moves_slots()) continue;
    note(member.state->migration->target_node);
  }
  for (const auto& item : snapshot_.in_flight)
    if (const auto* order = std::get_if<model::Order>(&item.step.action))
      if (const auto* start = std::get_if<command::StartMigration>(&order->command)) note(start->job.target_node);
}

// Somebody of the shard owns slots as others see it, or may own some out of sight.
bool World::has_hidden_owner(const ShardView& shard) const {
  return std::ranges::any_of(shard.members, [this](std::size_t index) {
    const auto& member = members[index];
    const bool hides = !member.is_reachable() || member.presence == Presence::kHung;
    if (hides && (member.state == nullptr || !member.state->slots.empty())) return true;
    return owns_in_some_view(member.id) || owns_in_some_view(member.dead_id) ||
           (member.is_replica() && owns_in_some_view(member.state->primary_id));
  });
}

void World::note_holders(ShardView& shard) const {
  const bool may_be_owned = has_hidden_owner(shard);
  for (const auto index : shard.members) {
    const auto& member = members[index];
    if (may_be_owned || !member.is_primary() || !member.may_hold_moved_keys()) continue;
    if (!shard.holder || members[*shard.holder].state->keys < member.state->keys) shard.holder = index;
  }
  if (shard.holder) return;
  for (const auto index : shard.members) {
    const auto& member = members[index];
    if (!member.is_replica() || !member.state->primary_id || (member.state->keys == 0 && member.state->open_slots.empty())) continue;
    const auto primary = by_id(*member.state->primary_id);
    if (!primary || !members[*primary].is_up()) shard.orphan = shard.orphan.value_or(index);
  }
}

bool World::is_listed(const std::optional<NodeId>& id) const {
  return id && std::ranges::any_of(distinct_views, [&](const TopologyView* view) { return view->find(*id) != nullptr; });
}

bool World::owns_in_some_view(const std::optional<NodeId>& id) const {
  return id && std::ranges::any_of(distinct_views, [&](const TopologyView* view) {
           const auto* row = view->find(*id);
           return row != nullptr && row->role == Role::kPrimary && !row->slots.empty();
         });
}

void World::index_shards() {
  for (int shard = 0; shard < spec().shards; ++shard) shards[ShardId{shard}];
  for (std::size_t index = 0; index < members.size(); ++index) {
    const auto& member = members[index];
    if (!member.shard) continue;
    auto& shard = shards[*member.shard];
    shard.members.push_back(index);
    if (!member.owns_slots()) continue;
    if (!shard.primary || members[*shard.primary].state->config_epoch < member.state->config_epoch) shard.primary = index;
  }
  for (auto& [id, shard] : shards)
    if (!shard.primary) note_holders(shard);
}

std::optional<std::size_t> World::by_id(const NodeId& id) const {
  const auto it = by_id_.find(id.str());
  return it == by_id_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<std::size_t> World::by_dead_id(const NodeId& id) const {
  const auto it = by_dead_id_.find(id.str());
  return it == by_dead_id_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<std::size_t> World::by_endpoint(const Endpoint& endpoint) const {
  const auto it = by_ip_.find(endpoint.ip);
  return it == by_ip_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<std::string> World::dead_evidence(const NodeId& id) const {
  if (const auto index = by_dead_id(id)) return members[*index].evidence;
  if (by_id(id)) return std::nullopt;
  const auto remembered = history_.seen_dead.find(id);
  return remembered == history_.seen_dead.end() ? std::nullopt : std::optional(remembered->second);
}

std::vector<const NodeRow*> World::voters() const {
  std::vector<const NodeRow*> result;
  if (majority == nullptr) return result;
  for (const auto& row : majority->rows)
    if (row.role == Role::kPrimary && !row.slots.empty()) result.push_back(&row);
  return result;
}

Epoch World::highest_epoch_of(const NodeRow& row) const {
  Epoch highest = row.config_epoch;
  for (const auto* view : distinct_views)
    if (const auto* seen = view->find(row.id)) highest = std::max(highest, seen->config_epoch);
  return highest;
}

bool World::everybody_heard() const {
  return std::ranges::none_of(members, [](const Member& m) { return m.presence == Presence::kUnheard; });
}

SlotRange fair_range(int shard, int shards) {
  return {static_cast<int>(static_cast<long>(kSlotCount) * shard / shards),
          static_cast<int>(static_cast<long>(kSlotCount) * (shard + 1) / shards) - 1};
}

}  // namespace shardkeeper::plan
