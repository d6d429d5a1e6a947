// What a user asks for: the `spec` of a ValkeyCluster object. Data only; coordinator/manifest reads it.
#pragma once

#include "common/types/names.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::model {

enum class SpreadMode { kPreferred, kRequired };  // members of a shard on different workers (or zones)
enum class ShardLossPolicy { kRecreate, kWait };  // serve a lost shard's slots again empty, or leave them unassigned
enum class MigrationEngine { kAuto, kAtomic, kKeys };

struct MigrationSpec {
  MigrationEngine engine = MigrationEngine::kAuto;
  std::optional<std::uint64_t> max_bytes_per_second;  // none: no limit
  std::optional<int> max_parallel_jobs;               // none: planner's choice

  bool operator==(const MigrationSpec&) const = default;
};

struct UpdateSpec {
  int max_parallel_shards = 1;

  bool operator==(const UpdateSpec&) const = default;
};

struct ClusterSpec {
  std::string image;                                // as localhost/valkey:8.0.1; on `local` its tag chooses a binary
  int shards = 3;                                   // 1 or >= 3
  int replicas_per_shard = 1;                       // 0..5
  std::map<std::string, std::string> config;        // server settings passed through
  std::chrono::milliseconds node_timeout{5000};     // config: cluster-node-timeout
  int min_replicas_to_write = 0;                    // config: min-replicas-to-write
  std::optional<std::uint64_t> memory_limit_bytes;  // resources.limits.memory
  SpreadMode worker_spread = SpreadMode::kPreferred;
  SpreadMode zone_spread = SpreadMode::kPreferred;
  ShardLossPolicy shard_loss_policy = ShardLossPolicy::kRecreate;
  UpdateSpec update;
  MigrationSpec migration;
  bool paused = false;
  std::vector<std::string> not_honoured;  // fields that this platform cannot honour: each becomes a finding

  bool operator==(const ClusterSpec&) const = default;
};

struct ClusterObject {
  ClusterName name;
  std::string space = "default";  // namespace
  std::string uid;                // differs for an object of the same name that was made again
  ClusterSpec spec;

  bool operator==(const ClusterObject&) const = default;
};

}  // namespace shardkeeper::model
