// Who owns which slot, by what the nodes say now. Pure.
#pragma once

#include "coordinator/plan/slots/moves.h"
#include "coordinator/plan/world.h"

namespace shardkeeper::plan {

struct Ownership {
  Owners owners;   // by shard: what its primaries say themselves, the newest epoch first; what nobody up says, as the majority sees it
  SlotSet agreed;  // owners and the majority's view say the same: the others are on their way and are left alone
};

// `lost`: slots of shards whose data is gone count as theirs until they serve again.
Ownership ownership_of(const World& world, const std::map<ShardId, SlotSet>& lost);

// The shard that the node belongs to, by the label of the pod where it runs or ran.
std::optional<ShardId> shard_of(const World& world, const NodeId& id);

// What the member says about its slots is what the majority's view says too.
bool is_settled(const World& world, const Member& member);

}  // namespace shardkeeper::plan
