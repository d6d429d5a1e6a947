// What moving slots would mean, before anything is done, and how far it is while it is done: for the CLI and the status. Pure.
#pragma once

#include "common/node/migration.h"
#include "coordinator/model/decision.h"
#include "coordinator/plan/slots/jobs.h"

namespace shardkeeper::plan {

// Estimates take each shard's keys as spread evenly over its slots.
struct MovePreview {
  ShardId from;
  ShardId to;
  SlotSet slots;
  Load load;
  bool operator==(const MovePreview&) const = default;
};

struct ShardPreview {
  ShardId shard;
  int slots_now = 0;
  int slots_then = 0;
  std::uint64_t keys_now = 0;
  std::uint64_t keys_then = 0;
  std::uint64_t bytes_now = 0;
  std::uint64_t bytes_peak = 0;  // the most that its primary will use: moves included, deletions not
  std::uint64_t bytes_max = 0;   // 0: no limit
  bool operator==(const ShardPreview&) const = default;
};

struct Preview {
  std::vector<MovePreview> moves;     // by giver and taker
  std::vector<ShardPreview> shards;   // those that exist and those asked for, in order
  std::vector<Shortfall> shortfalls;  // takers without room: nothing would move to them
  SlotSet nobodys;                    // assigned without a move
  int slots = 0;                      // of all moves
  Load load;                          // of all moves
};

// What the planner would do if the spec asked for `shards`. REQUIRES shards > 0. Jobs that run count as done.
Preview preview_of(const model::Snapshot& snapshot, const model::History& history, int shards);

struct JobStatus {
  ShardId from;
  std::optional<ShardId> to;  // none: no pod claims the target
  MigrationProgress progress;
};

struct MigrationStatus {
  std::vector<JobStatus> jobs;  // that run, by source
  int slots_left = 0;           // to move by the present spec, those of running jobs included
  Load load_left;               // estimated; without what running jobs have done
};

MigrationStatus migration_status(const model::Snapshot& snapshot, const model::History& history);

}  // namespace shardkeeper::plan
