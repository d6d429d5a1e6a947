#include "coordinator/plan/slots/preview.h"

#include "coordinator/model/memory.h"
#include "coordinator/plan/slots/active.h"
#include "coordinator/plan/slots/fitness.h"
#include "coordinator/plan/slots/forecast.h"
#include "coordinator/plan/slots/ownership.h"

#include <algorithm>
#include <set>

namespace shardkeeper::plan {
namespace {

// Everything that both answers are made of.
struct Situation {
  Situation(const World& world, const model::History& history)
      : seats(seats_of(world, {}, history)),
        active(active_jobs(world, history)),
        owners(owners_after(ownership_of(world, history.lost).owners, active)),
        ends(move_ends(world, seats)),
        moves(plan_moves(owners, equal_weights(world.spec().shards))) {
    // A shard that is still to be made has what every new pod gets.
    for (int shard = 0; shard < world.spec().shards; ++shard)
      ends.try_emplace(ShardId{shard}, MoveEnd{0, 0, 0, model::maxmemory_bytes(world.spec()).value_or(0)});
    for (const auto& [shard, slots] : owners) ends.try_emplace(shard, MoveEnd{slots.count(), 0, 0, 0});
  }

  Seats seats;
  std::vector<ActiveJob> active;
  Owners owners;
  MoveEnds ends;
  std::vector<Move> moves;
};

ShardPreview describe(ShardId shard, const Situation& now, const Preview& preview) {
  const MoveEnd& end = now.ends.at(shard);
  const auto owned = now.owners.find(shard);
  ShardPreview result{.shard = shard, .slots_now = owned == now.owners.end() ? 0 : owned->second.count()};
  result.slots_then = result.slots_now;
  result.keys_now = result.keys_then = end.keys;
  result.bytes_now = result.bytes_peak = end.bytes_used;
  result.bytes_max = end.bytes_max;
  for (const auto& move : preview.moves) {
    if (move.from == shard) result.slots_then -= move.slots.count(), result.keys_then -= std::min(result.keys_then, move.load.keys);
    if (move.to != shard) continue;
    result.slots_then += move.slots.count();
    result.keys_then += move.load.keys;
    result.bytes_peak += move.load.bytes;
  }
  return result;
}

}  // namespace

Preview preview_of(const model::Snapshot& snapshot, const model::History& history, int shards) {
  model::Snapshot asked = snapshot;
  asked.cluster.spec.shards = shards;
  const World world(asked, history);
  const Situation now(world, history);
  Preview preview;
  for (const auto& move : now.moves) {
    if (!move.from) {
      preview.nobodys = preview.nobodys.united(move.slots);
      continue;
    }
    const Load load = estimate(now.ends.at(*move.from), move.slots.count());
    preview.moves.push_back({*move.from, move.to, move.slots, load});
    preview.slots += move.slots.count();
    preview.load += load;
  }
  std::set<ShardId> ids;
  for (const auto& [shard, end] : now.ends) ids.insert(shard);
  for (const auto shard : ids) preview.shards.push_back(describe(shard, now, preview));
  preview.shortfalls = shortfalls(now.moves, now.ends, {});
  return preview;
}

MigrationStatus migration_status(const model::Snapshot& snapshot, const model::History& history) {
  const World world(snapshot, history);
  const Situation now(world, history);
  MigrationStatus status;
  for (const auto& move : now.moves) {
    if (!move.from) continue;
    status.slots_left += move.slots.count();
    status.load_left += estimate(now.ends.at(*move.from), move.slots.count());
  }
  for (const auto& job : now.active) {
    if (!job.is_running()) continue;
    const auto& progress = *job.progress;
    status.slots_left += job.slots.count();
    status.load_left.keys += progress.keys_total - std::min(progress.keys_total, progress.keys_done);
    status.jobs.push_back({job.source->shard.value_or(ShardId{}), job.to, progress});
  }
  return status;
}

}  // namespace shardkeeper::plan
