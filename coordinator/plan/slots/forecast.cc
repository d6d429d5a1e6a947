#include "coordinator/plan/slots/forecast.h"

#include "coordinator/model/memory.h"
#include "coordinator/plan/slots/fitness.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + (1 << 19)) >> 20); }

// A server that evicts keys never runs out of memory: what does not fit is evicted, as its user wants it.
bool evicts_keys(const model::ClusterSpec& spec) {
  const auto policy = spec.config.find("maxmemory-policy");
  return policy != spec.config.end() && policy->second.starts_with("allkeys-");
}

}  // namespace

Weights equal_weights(int shards) {
  Weights weights;
  for (int shard = 0; shard < shards; ++shard) weights[ShardId{shard}] = 1;
  return weights;
}

MoveEnds move_ends(const World& world, const Seats& seats) {
  MoveEnds ends;
  for (const auto& [id, shard] : world.shards) {
    const Member* primary = end_of(world, seats, id);
    if (primary == nullptr) continue;
    const auto& state = *primary->state;
    std::uint64_t limit = state.memory_max_bytes;
    if (limit == 0) limit = model::maxmemory_bytes(world.spec()).value_or(0);
    if (evicts_keys(world.spec())) limit = 0;
    ends[id] = {state.slots.count(), state.keys, state.memory_used_bytes, limit};
  }
  return ends;
}

std::vector<Move> keep_last_slots(std::vector<Move> moves, int shards) {
  std::map<ShardId, int> leaving;  // slots that are left
  std::map<ShardId, Move*> last_move;
  for (auto& move : moves) {
    if (shards >= 3 || !move.from || move.from->value < shards) continue;
    leaving[*move.from] += move.slots.count();
    last_move[*move.from] = &move;
  }
  const bool all_at_their_last = std::ranges::all_of(leaving, [](const auto& entry) { return entry.second <= 1; });
  if (leaving.size() < 2 || all_at_their_last) return moves;
  for (auto& [shard, move] : last_move) move->slots = lowest(move->slots, move->slots.count() - 1);
  std::erase_if(moves, [](const Move& move) { return move.slots.empty(); });
  return moves;
}

std::string to_string(const Shortfall& s) {
  return "needs " + megabytes(s.bytes_planned) + " MB for slots that it shall own, but uses " + megabytes(s.bytes_used) + " of " +
         megabytes(s.bytes_max) + " MB (" + megabytes(s.bytes_arriving) + " MB on the way); moves may fill " +
         std::to_string(kFillPercent) + " %: give it more memory, or keep more shards";
}

}  // namespace shardkeeper::plan
