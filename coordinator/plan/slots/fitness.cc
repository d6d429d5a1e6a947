#include "coordinator/plan/slots/fitness.h"

#include "coordinator/plan/slots/ownership.h"

namespace shardkeeper::plan {
namespace {

bool is_in_sync(const Member& replica) {
  const auto& own = replica.state->replication;
  return own.has_synced && own.link_up && !own.sync_in_progress;
}

// Everybody who votes lists it as a primary: else its word about slots may not be heard.
bool is_known(const World& world, const Member& member) {
  const auto* row = world.majority != nullptr ? world.majority->find(*member.id) : nullptr;
  return row != nullptr && row->role == Role::kPrimary && !row->is_failed && !row->has_no_address;
}

std::string unfit_replicas(const World& world, const ShardView& shard, const Member& primary, MoveRole role) {
  int in_sync = 0;
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (&member == &primary || !member.is_up() || member.leaving) continue;
    if (!member.is_replica() || member.state->primary_id != primary.id || !is_in_sync(member))
      return "pod " + member.name().value + " is not a replica in sync yet";
    ++in_sync;
  }
  if (role == MoveRole::kTakes && in_sync < world.spec().replicas_per_shard)
    return std::to_string(in_sync) + " of " + std::to_string(world.spec().replicas_per_shard) + " replicas are in sync";
  return {};
}

}  // namespace

const Member* end_of(const World& world, const Seats& seats, ShardId shard) {
  if (const auto seat = seats.chosen.find(shard); seat != seats.chosen.end()) return &world.members[seat->second];
  const auto found = world.shards.find(shard);
  if (found == world.shards.end() || !found->second.primary) return nullptr;
  return &world.members[*found->second.primary];
}

const Member* functions_giver(const World& world, const Member& newcomer) {
  if (newcomer.owns_slots()) return nullptr;
  for (const auto& member : world.members)
    if (member.owns_slots() && member.state->functions_hash != 0)
      return member.state->functions_hash == newcomer.state->functions_hash ? nullptr : &member;
  return nullptr;
}

std::string unfit_for_moves(const World& world, const Seats& seats, ShardId shard, MoveRole role) {
  const Member* primary = end_of(world, seats, shard);
  if (primary == nullptr) return "it has no primary that is up";
  const std::string name = "pod " + primary->name().value;
  if (primary->info->pod.is_deleting) return name + ", its primary, is being deleted";
  if (primary->state->fenced) return name + ", its primary, is fenced";
  if (!is_known(world, *primary)) return name + ", its primary, is not known to everybody yet";
  // A newcomer takes a node timeout until it serves: slots given to it before would not be served.
  if (!primary->state->cluster_state_ok) return name + ", its primary, does not serve yet (cluster_state is fail)";
  return unfit_replicas(world, world.shards.at(shard), *primary, role);
}

}  // namespace shardkeeper::plan
