// Carries every step out at once and completely, on the builder's world: what a planner that works must bring to rest.
#pragma once

#include "coordinator/plan/decide.h"
#include "tests/unit/plan/cluster_builder.h"

#include <string>
#include <vector>

namespace shardkeeper::test {

// Applies the steps. Time moves on by 600 ms.
void carry_out(ClusterBuilder& world, const std::vector<model::Step>& steps);

}  // namespace shardkeeper::test
