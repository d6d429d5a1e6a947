// Which pods count for a shard, and which go when there are too many. Pure.
#pragma once

#include "coordinator/plan/world.h"

#include <vector>

namespace shardkeeper::plan {

// Still there or about to come back by itself: counts towards the pods asked for. Not: being deleted, on a lost worker, or
// silent and given up (by a majority of reachable nodes, or because its worker is not ready).
bool is_viable(const World& world, const Member& member);

// Those to remove when a shard has more viable members than asked for. Never one that owns slots. Stable from pass to pass: what is
// already down or away from the cluster goes first.
std::vector<std::size_t> surplus_of(const World& world, const ShardView& shard);

// A shard beyond those asked for that owns nothing: by what its members said last, and in every view.
bool is_without_slots(const World& world, ShardId id);

}  // namespace shardkeeper::plan
