// Shards that are being added own nothing yet: which member will be the primary. Pure.
#pragma once

#include "coordinator/plan/verdict.h"

#include <map>
#include <optional>

namespace shardkeeper::plan {

struct Seats {
  std::map<ShardId, std::size_t> chosen;  // index into World::members
  std::optional<TimePoint> wait_until;    // pods of some shard are still on their way
};

// A seat is kept as soon as somebody replicates it; before, it is chosen so that primaries spread evenly. Shards whose slots nobody owns,
// or somebody out of reach or dead, are no new ones and get none.
Seats seats_of(const World& world, const Claims& claimed, const model::History& history);

}  // namespace shardkeeper::plan
