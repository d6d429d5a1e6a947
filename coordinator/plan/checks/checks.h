// The planner's checks, one concern each. Their order is policy and stands in decide.cc.
#pragma once

#include "coordinator/plan/verdict.h"

namespace shardkeeper::plan {

// Asks for what is not known: views behind unknown hashes. Says which agents were not heard.
Verdict check_observation(const World& world, const Claims& claimed, model::History& history);

// Start gates: who may start, by architecture §3; says what was lost when a whole shard is dead.
Verdict check_gates(const World& world, const Claims& claimed, model::History& history);

// New nodes get distinct config epochs, and quick settings while nobody holds data.
Verdict check_new_nodes(const World& world, const Claims& claimed, model::History& history);

// Nodes that do not know each other are met pairwise, unless their slots overlap and keys would be lost.
Verdict check_islands(const World& world, const Claims& claimed, model::History& history);

// Ids that nobody runs any more are forgotten by everyone.
Verdict check_ghosts(const World& world, const Claims& claimed, model::History& history);

// Primaries that are known dead are replaced, by the rules of architecture §6 and no others.
Verdict check_failover(const World& world, const Claims& claimed, model::History& history);

// Servers that are stopped or stuck while their process lives.
Verdict check_hung(const World& world, const Claims& claimed, model::History& history);

// Every slot has an owner.
Verdict check_coverage(const World& world, const Claims& claimed, model::History& history);

// Slots that a primary was made to give up without telling anybody.
Verdict check_denied_slots(const World& world, const Claims& claimed, model::History& history);

// Slots that an interrupted move left half open are finished where both ends are known, and closed where the other end is gone.
Verdict check_half_open(const World& world, const Claims& claimed, model::History& history);

// Every member of a shard that is not its primary replicates it.
Verdict check_replicas(const World& world, const Claims& claimed, model::History& history);

// A replica that some node takes for a primary for good is announced anew.
Verdict check_mistaken(const World& world, const Claims& claimed, model::History& history);

// As many pods as asked for: missing ones made, silent ones replaced, extra ones removed.
Verdict check_pods(const World& world, const Claims& claimed, model::History& history);

// Slots move until every shard asked for owns its share.
Verdict check_moves(const World& world, const Claims& claimed, model::History& history);

// Shards that are not asked for go once they own nothing and their data is safe elsewhere.
Verdict check_leaving(const World& world, const Claims& claimed, model::History& history);

// Labels, conditions, settings for creation, fences: kept true.
Verdict check_upkeep(const World& world, const Claims& claimed, model::History& history);

}  // namespace shardkeeper::plan
