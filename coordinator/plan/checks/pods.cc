#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/placement/membership.h"
#include "coordinator/plan/placement/primaries.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// Many agents falling silent at once says more about this coordinator's network than about them (architecture §6).
bool is_presumably_isolated(const World& world, std::string& detail) {
  std::size_t silent = 0;
  for (const auto& member : world.members) {
    if (member.presence != Presence::kSilent) continue;
    if (is_viable(world, member)) ++silent;  // neither its worker nor its own cluster calls it gone
  }
  const bool many = silent >= 3 && silent * 3 > world.members.size();
  const bool several_clusters = world.snapshot().clusters_silent > 0 && !world.members.empty() && silent == world.members.size();
  if (many || several_clusters)
    detail = std::to_string(silent) + " of " + std::to_string(world.members.size()) +
             " agents fell silent at once: this coordinator is presumed cut off";
  return many || several_clusters;
}

bool is_creating(const World& world, ShardId shard) {
  return std::ranges::any_of(world.snapshot().in_flight, [&](const model::InFlight& item) {
    const auto* create = std::get_if<model::CreatePod>(&item.step.action);
    return create != nullptr && create->request.shard == shard;
  });
}

void make_missing(const World& world, ShardId id, const ShardView& shard, Verdict& verdict) {
  std::vector<WorkerName> taken;
  std::size_t viable = 0;
  for (const auto index : shard.members) {
    if (!is_viable(world, world.members[index])) continue;
    ++viable;
    if (!world.members[index].info->pod.worker.empty()) taken.push_back(world.members[index].info->pod.worker);
  }
  const auto wanted = 1 + static_cast<std::size_t>(world.spec().replicas_per_shard);
  // One at a time in each shard: where the first one lands decides where the second may not.
  if (viable >= wanted || is_creating(world, id)) return;
  model::CreatePod create;
  create.request.shard = id;
  create.request.workers_taken = taken;
  create.request.taken_is_hard = world.spec().worker_spread == model::SpreadMode::kRequired;
  verdict.step(std::move(create), Reason::kMissingPod, std::to_string(viable) + " of " + std::to_string(wanted) + " pods");
}

// Synced replicas and the primary that stay when `leaving` goes.
bool others_suffice(const World& world, const ShardView& shard) {
  int ready = 0;
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    ready += !member.leaving && member.is_up() && member.state->readiness.is_ready() ? 1 : 0;
  }
  return ready >= 1 + world.spec().replicas_per_shard;
}

void remove_surplus(const World& world, const ShardView& shard, Verdict& verdict) {
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (!member.leaving) continue;
    if (member.presence == Presence::kDead) {
      if (world.is_listed(member.dead_id) || !world.views_known)
        verdict.hold(Reason::kExtraReplica, model::about(member.name()), "its server has ended; waiting until every node has forgotten it");
      else
        verdict.step(model::RemovePod{member.name(), member.info->pod.uid, kGoneGrace}, Reason::kExtraReplica,
                     "its server has ended and is forgotten");
    } else if (member.is_up() && others_suffice(world, shard)) {
      verdict.order(member, command::Shutdown{}, Reason::kExtraReplica, "more replicas than asked for, and the others are in sync");
    } else if (member.is_up()) {
      verdict.hold(Reason::kReplicaNotReady, model::about(member.name()), "one replica too many, but not all others are in sync yet");
    }
  }
}

// Pod objects of processes that are known dead and will not come back where they are.
void clear_remains(const World& world, const ShardView& shard, Verdict& verdict) {
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (member.presence != Presence::kDead || member.info->pod.is_deleting || is_viable(world, member) || world.is_listed(member.dead_id))
      continue;
    verdict.step(model::RemovePod{member.name(), member.info->pod.uid, kGoneGrace}, Reason::kReplaced,
                 "its worker is gone, " + member.evidence);
  }
}

// No server ever ran in it, by the platform's word or by that of its agent: it has nothing to lose.
bool has_never_served(const Member& member) {
  const auto& pod = member.info->pod;
  if (pod.worker.empty()) return true;
  if (member.state != nullptr) return member.presence == Presence::kDead && !member.dead_id;
  const auto server = std::ranges::find(pod.containers, "valkey", &model::ContainerStatus::name);
  return server != pod.containers.end() && server->id.empty();
}

// What a pod was made from stays with it: where that keeps it from starting, only another pod can heal it.
void replace_corrected(const World& world, Verdict& verdict) {
  for (const auto& member : world.members) {
    const auto& pod = member.info->pod;
    if (pod.trouble.empty() || !pod.is_outdated || pod.is_deleting || !has_never_served(member)) continue;
    verdict.step(model::RemovePod{member.name(), pod.uid, kGoneGrace}, Reason::kReplaced,
                 "it has never served, and the spec has changed since it was made");
  }
}

}  // namespace

Verdict check_pods(const World& world, const Claims& claimed, model::History&) {
  Verdict verdict;
  std::string isolated;
  if (is_presumably_isolated(world, isolated)) {
    verdict.hold(Reason::kPresumedIsolated, "cluster", isolated);
    return verdict;
  }
  for (const auto& member : world.members)
    if (!member.info->pod.trouble.empty()) verdict.hold(Reason::kPodTrouble, model::about(member.name()), member.info->pod.trouble);
  replace_corrected(world, verdict);
  const bool just_started = !world.everybody_heard() && world.now() - world.snapshot().started < Duration(world.spec().node_timeout);
  for (const auto& [id, shard] : world.shards) {
    // It leaves. Until it owns nothing and holds no keys that were on their way to it, it keeps its replicas like any other.
    if (is_without_slots(world, id) && !shard.holder && !shard.orphan) continue;
    if (!just_started) make_missing(world, id, shard, verdict);
    if (claimed.contains(id)) continue;
    remove_surplus(world, shard, verdict);
    clear_remains(world, shard, verdict);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
