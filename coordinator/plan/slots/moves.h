// Which slots go where, so that every shard owns its share: the fewest moves, and the same ones however often they are interrupted. Pure.
#pragma once

#include "common/types/names.h"
#include "common/types/slot_set.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace shardkeeper::plan {

using Owners = std::map<ShardId, SlotSet>;         // REQUIRES disjoint; slots of nobody may be left out
using Weights = std::map<ShardId, std::uint32_t>;  // of the shards that shall own slots; weight 0 or absent: shall own none

// All slots that one shard gives to another, in as few ranges as what the giver owns allows.
struct Move {
  std::optional<ShardId> from;  // none: nobody owns them now
  ShardId to;
  SlotSet slots;

  bool operator==(const Move&) const = default;
};

// How many slots each shard shall own. They add up to `slots` (16,384; tests enumerate small worlds), and each is its exact share by weight rounded down or up; who is rounded up
// is chosen so that the fewest slots move. EMPTY when no weight is above 0.
std::map<ShardId, int> target_counts(const Owners& owners, const Weights& weights, int slots = kSlotCount);

// RETURNS moves sorted by giver (nobody first), then taker; disjoint. A shard that shall own none gives each slot straight to its final
// owner. No shard both gives and takes. Stable: after any part of the moves has been done, planning anew gives exactly the rest.
// EMPTY when no weight is above 0.
std::vector<Move> plan_moves(const Owners& owners, const Weights& weights, int slots = kSlotCount);

// The slots that the first `count` of `slots` are. All of them when there are fewer.
SlotSet lowest(const SlotSet& slots, int count);
// The slots that the last `count` of `slots` are.
SlotSet highest(const SlotSet& slots, int count);

}  // namespace shardkeeper::plan
