// Which part of the moves is done next: parallel jobs, bounded by keys, within the takers' memory. Pure.
#pragma once

#include "coordinator/plan/slots/moves.h"

#include <set>

namespace shardkeeper::plan {

// A shard's primary as one end of moves.
struct MoveEnd {
  int slots = 0;
  std::uint64_t keys = 0;
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_max = 0;  // its maxmemory, or what its pod may hold; 0: no limit is known
};
using MoveEnds = std::map<ShardId, MoveEnd>;

// What a few slots of a shard weigh, taking its keys as spread evenly over its slots.
struct Load {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;

  Load& operator+=(const Load& other) {
    keys += other.keys;
    bytes += other.bytes;
    return *this;
  }
  bool operator==(const Load&) const = default;
};
Load estimate(const MoveEnd& from, int slots);
Load estimate_of_keys(const MoveEnd& from, std::uint64_t keys);

struct PlannedJob {
  ShardId from;
  ShardId to;
  SlotSet slots;
  Load load;
  bool operator==(const PlannedJob&) const = default;
};

// What runs already. It is not part of the moves any more.
struct Running {
  std::set<ShardId> givers;
  std::set<ShardId> takers;
  std::map<ShardId, Load> arriving;  // by taker
};

struct JobLimits {
  int parallel_max = 1;        // jobs running and started together
  std::uint64_t keys_max = 1;  // of one job; a single slot may hold more
};

// RETURNS the jobs to start now. Each giver and each taker is in at most one, running ones included. First the pairs that would otherwise
// be left without a partner, then the taker that is least full, so that the highest memory use of any of them stays low for long.
// Moves of nobody's slots are left aside. REQUIRES an end for every giver and taker in `moves`.
std::vector<PlannedJob> next_jobs(const std::vector<Move>& moves, const MoveEnds& ends, const Running& running, const JobLimits& limits);

// A taker that cannot hold what the moves bring to it.
struct Shortfall {
  ShardId shard;
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_arriving = 0;  // jobs that run
  std::uint64_t bytes_planned = 0;   // moves that are left
  std::uint64_t bytes_max = 0;       // of which kFillPercent may be used by moves
  bool operator==(const Shortfall&) const = default;
};

// Estimates are not exact and clients go on writing, so moves leave a twentieth free.
inline constexpr std::uint64_t kFillPercent = 95;

// RETURNS takers without room, by shard. REQUIRES an end for every giver and taker in `moves`.
std::vector<Shortfall> shortfalls(const std::vector<Move>& moves, const MoveEnds& ends, const Running& running);

}  // namespace shardkeeper::plan
