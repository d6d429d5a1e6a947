// A job that moves slots from one node to another: what is asked for and how far it is. Values only.
#pragma once

#include "common/types/endpoint.h"
#include "common/types/names.h"
#include "common/types/node_id.h"
#include "common/types/slot_set.h"

#include <cstdint>
#include <string>

namespace shardkeeper {

enum class MigrationEngine {
  kAtomic,  // CLUSTER MIGRATESLOTS: both ends 9.0 or newer
  kKeys,    // CLUSTER SETSLOT and pipelined MIGRATE: any version
};
std::string_view to_string(MigrationEngine engine);  // atomic | keys

// The agent beside the source owns the job and speaks to the target's agent for the steps that belong there.
struct MigrationJob {
  std::string id;  // unique per attempt: m-<token>-<number>
  SlotSet slots;
  PodName target_pod;
  std::string target_agent;  // ip:port
  NodeId target_node;
  Endpoint target_server;
  MigrationEngine engine = MigrationEngine::kKeys;
  std::uint64_t bytes_per_second = 0;  // 0: no limit

  bool operator==(const MigrationJob&) const = default;
};

// As the source's agent reports it in NodeState: the running job, or the last one until another begins.
struct MigrationProgress {
  std::string job;
  NodeId target_node;
  SlotSet slots;
  MigrationEngine engine = MigrationEngine::kKeys;
  enum class Stage { kRunning, kDone, kFailed, kCancelled } stage = Stage::kRunning;
  SlotSet slots_done;  // owned by the target now, as the target itself says
  std::uint64_t keys_total = 0;
  std::uint64_t keys_done = 0;
  std::uint64_t bytes_done = 0;        // serialized, over the wire; 0 where the engine cannot tell
  std::uint64_t bytes_per_second = 0;  // the limit that holds for what is still to come; 0: none
  bool is_cancelled = false;           // told to end; it does as soon as it can
  // Of an atomic job: the server is at its last step, in which writes stand still and the owner changes. A failover at either end now could
  // give slots back to a source that has begun to delete their keys.
  bool is_handing_over = false;
  std::string error;  // of a failed job: what failed, why, where

  bool is_running() const { return stage == Stage::kRunning; }
  bool operator==(const MigrationProgress&) const = default;
};
std::string_view to_string(MigrationProgress::Stage stage);  // running | done | failed | cancelled

}  // namespace shardkeeper
