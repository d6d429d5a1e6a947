// The planner: one pure function. Same input, same output; it can be run a million times in a test.
#pragma once

#include "coordinator/model/decision.h"

namespace shardkeeper::plan {

// RETURNS the steps to start now (independent of each other, none of them in flight or backing off), every reason for what is done
// and what is not, and the memory for the next pass. REQUIRES snapshot.pods and .workers sorted by name.
model::Outcome decide(const model::Snapshot& snapshot, const model::History& history);

}  // namespace shardkeeper::plan
