// Which member of each new shard becomes its primary, so that primaries spread evenly over workers. Pure.
#pragma once

#include "coordinator/plan/world.h"

#include <map>
#include <vector>

namespace shardkeeper::plan {

struct ShardChoice {
  ShardId shard;
  std::vector<std::size_t> candidates;  // indices into World::members, by pod name; not empty
};

// Primaries on each worker now: those of this cluster that are up, and those of others.
std::map<WorkerName, int> primaries_per_worker(const World& world);

// One member for each choice, so that no other choice is more even. Least crowded workers first, then improved by chains of exchanges until
// none helps; ties by pod name.
std::map<ShardId, std::size_t> spread_primaries(const World& world, const std::vector<ShardChoice>& choices);

}  // namespace shardkeeper::plan
