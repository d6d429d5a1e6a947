// What moves mean for the shards: for the planner's own checks, and for people before anything is done. Pure.
#pragma once

#include "coordinator/plan/placement/seats.h"
#include "coordinator/plan/slots/jobs.h"

#include <string>

namespace shardkeeper::plan {

Weights equal_weights(int shards);

// What is known of every shard's primary.
MoveEnds move_ends(const World& world, const Seats& seats);

// One shard after another would leave two voters, who cannot elect, for as long as the last shard takes. So when one shard is to
// own everything, every leaving shard keeps its last slot until all of them are down to it: then only single slots are left to move.
// RETURNS `moves`, without those last slots while they have to wait.
std::vector<Move> keep_last_slots(std::vector<Move> moves, int shards);

// "needs 310 MB for slots that it shall own, but uses 800 of 1000 MB (50 MB on the way); moves may fill 95 %"
std::string to_string(const Shortfall& shortfall);

}  // namespace shardkeeper::plan
