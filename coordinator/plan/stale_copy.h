// An old copy of a shard's data: what a replica holds that was in the middle of a new sync, or carries another history, when its primary died. It
// is no candidate for a promotion, and with every better copy gone it is all that there is. Only a person can judge whether it is worth having.
#pragma once

#include "coordinator/plan/world.h"

#include <string>

namespace shardkeeper::plan {

// A replica that is up and holds keys which no sync replaces just now.
bool holds_a_copy(const Member& member);

// Whether a person may choose it. RETURNS why not; "": he may. A primary that is only silent may still have the newest data.
std::string why_not_chosen_by_hand(const World& world, const Member& member);

}  // namespace shardkeeper::plan
