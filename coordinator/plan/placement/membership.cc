#include "coordinator/plan/placement/membership.h"

#include <algorithm>
#include <tuple>

namespace shardkeeper::plan {
namespace {

const model::Worker* worker_of(const World& world, const Member& member) {
  const auto& workers = world.snapshot().workers;
  const auto it = std::ranges::find(workers, member.info->pod.worker, &model::Worker::name);
  return it == workers.end() ? nullptr : &*it;
}

bool worker_is_ready(const World& world, const Member& member) {
  if (member.info->pod.worker.empty()) return true;  // not placed yet
  const auto* worker = worker_of(world, member);
  return worker != nullptr && worker->ready && std::ranges::find(worker->taints, model::kTaintOutOfService) == worker->taints.end();
}

bool majority_gave_up(const World& world, const Member& member) {
  if (!member.id) return false;
  int reachable = 0;
  int flagged = 0;
  for (const auto& other : world.members) {
    if (!other.is_up() || other.view == nullptr) continue;
    ++reachable;
    const auto* row = other.view->find(*member.id);
    flagged += row != nullptr && row->is_failed ? 1 : 0;
  }
  return flagged > reachable / 2;
}

}  // namespace

bool is_viable(const World& world, const Member& member) {
  if (member.info->pod.is_deleting) return false;
  switch (member.presence) {
    case Presence::kUp:
    case Presence::kStarting:
    case Presence::kHung: return true;
    case Presence::kDead: return worker_is_ready(world, member);
    case Presence::kSilent: return worker_is_ready(world, member) && !majority_gave_up(world, member);
    case Presence::kUnheard: return worker_is_ready(world, member);
  }
  return false;
}

bool is_without_slots(const World& world, ShardId id) {
  const auto shard = world.shards.find(id);
  if (shard == world.shards.end() || id.value < world.spec().shards) return false;
  const auto owns = [&](const std::optional<NodeId>& node) {
    return node && std::ranges::any_of(world.distinct_views, [&](const TopologyView* view) {
             const auto* row = view->find(*node);
             return row != nullptr && row->role == Role::kPrimary && !row->slots.empty();
           });
  };
  return std::ranges::none_of(shard->second.members, [&](std::size_t index) {
    const auto& member = world.members[index];
    if (member.presence == Presence::kUnheard) return true;  // who runs there is not known: it may be the owner
    const bool says_so = member.state != nullptr && member.presence != Presence::kDead && member.state->role == Role::kPrimary &&
                         !member.state->slots.empty();
    // A replica's primary owns for the shard also while its own pod is out of sight, or gone.
    const auto primary = member.state != nullptr ? member.state->primary_id : std::nullopt;
    return says_so || owns(member.id) || owns(member.dead_id) || owns(primary);
  });
}

std::vector<std::size_t> surplus_of(const World& world, const ShardView& shard) {
  std::vector<std::size_t> viable;
  for (const auto index : shard.members)
    if (is_viable(world, world.members[index])) viable.push_back(index);
  const auto wanted = 1 + static_cast<std::size_t>(world.spec().replicas_per_shard);
  if (viable.size() <= wanted) return {};

  // Higher goes first. A replica that shares a worker with another member is worth less; the rest by name, for stability.
  const auto rank = [&world, everyone = viable](std::size_t index) {
    const auto& member = world.members[index];
    const bool shares_worker = std::ranges::any_of(
        everyone, [&](std::size_t other) { return other != index && world.members[other].info->pod.worker == member.info->pod.worker; });
    const int distance = member.presence == Presence::kDead ? 3 : !member.is_up() ? 2 : !member.state->readiness.is_ready() ? 1 : 0;
    return std::tuple(distance, shares_worker, member.name());
  };
  const std::size_t surplus = viable.size() - wanted;
  std::erase_if(viable, [&](std::size_t index) {
    const auto& member = world.members[index];
    const bool may_hold_slots = member.state != nullptr && member.state->role == Role::kPrimary && member.presence != Presence::kDead &&
                                (!member.state->slots.empty() || !member.state->open_slots.empty() || member.may_hold_moved_keys());
    return may_hold_slots || member.presence == Presence::kSilent || member.presence == Presence::kUnheard;
  });
  std::ranges::sort(viable, [&](std::size_t a, std::size_t b) { return rank(a) > rank(b); });
  viable.resize(std::min(viable.size(), surplus));
  return viable;
}

}  // namespace shardkeeper::plan
