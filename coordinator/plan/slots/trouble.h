// Slots whose move failed: halved, backed off, tried a few times, then left for long and reported. Pure.
#pragma once

#include "coordinator/model/decision.h"
#include "coordinator/plan/slots/moves.h"

namespace shardkeeper::plan {

using Troubles = std::vector<model::SlotTrouble>;

// So many failures in a row, and a range is given up: reported, and looked at again only every few minutes.
inline constexpr int kAttemptsMax = 4;

// The move of `slots` failed: they are tried again later, and in two halves, so that one bad key does not hold back the others.
// REQUIRES slots not empty.
void note_failure(Troubles& troubles, const SlotSet& slots, const std::string& error, TimePoint now);

// Forgets troubles of all slots but these.
void keep_only(Troubles& troubles, const SlotSet& slots);

// How often a move of any of these slots has failed in a row.
int attempts_of(const Troubles& troubles, const SlotSet& slots);

// What of `slots` may be tried now in one job: those without trouble, else the range whose wait ended first; empty while all wait.
SlotSet due(const Troubles& troubles, const SlotSet& slots, TimePoint now);

}  // namespace shardkeeper::plan
