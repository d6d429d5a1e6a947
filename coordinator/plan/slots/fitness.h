// Whether a shard may give or take slots now. Pure.
#pragma once

#include "coordinator/plan/placement/seats.h"

namespace shardkeeper::plan {

// The primary of each shard as an end of moves: who owns slots, or who will where the shard is new. None: nobody yet.
const Member* end_of(const World& world, const Seats& seats, ShardId shard);

enum class MoveRole { kGives, kTakes };

// RETURNS why the shard may not give or take slots now, for people; empty when it may. A replica that is not online misses what SETSLOT
// says and keeps a stale flag (facts §3). Who takes has all its replicas, in sync: the giver deletes what it gave, and its replicas with it.
std::string unfit_for_moves(const World& world, const Seats& seats, ShardId shard, MoveRole role);

// FUNCTIONs do not travel with slots: a shard that is new needs them before its first slot.
// RETURNS who can give them to it; null when it has them, or nobody has any.
const Member* functions_giver(const World& world, const Member& newcomer);

}  // namespace shardkeeper::plan
