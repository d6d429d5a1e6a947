// Pods and workers as a platform shows them. Data only.
#pragma once

#include "common/types/names.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::model {

enum class PodPhase { kPending, kRunning, kFailed };

struct ContainerStatus {
  std::string name;  // prepare | agent | valkey
  std::string id;    // of the running or last instance; "" before the first
  bool running = false;
  std::optional<std::string> terminated_id;  // the platform saw this very instance end
  int restarts = 0;

  bool operator==(const ContainerStatus&) const = default;
};

struct Pod {
  PodName name;
  PodUid uid;
  ClusterName cluster;
  std::map<std::string, std::string> labels;  // shardkeeper.io/{cluster,shard,role}
  WorkerName worker;                          // empty: not placed yet
  std::string ip;                             // empty: not known yet
  PodPhase phase = PodPhase::kPending;
  std::vector<ContainerStatus> containers;
  std::string image;                       // of the valkey container
  bool is_deleting = false;                // a deletion was asked for; the pod ends within its grace period
  std::map<std::string, bool> conditions;  // readiness gates and the like
  std::string trouble;                     // why it cannot run, in the platform's words; "" when nothing is wrong
  bool is_outdated = false;                // made from another spec than today's: a pod that is made now would differ
  bool differs_in_settings_only = false;   // is_outdated by spec.config alone, which running servers are told

  std::optional<ShardId> shard() const;  // from the label; none when missing or not a number
  bool server_ended() const;             // the platform saw the newest instance of the server's container end
  bool operator==(const Pod&) const = default;
};

struct Worker {
  WorkerName name;
  std::string zone;
  bool ready = true;
  bool schedulable = true;          // false: cordoned
  std::vector<std::string> taints;  // keys; node.kubernetes.io/out-of-service means that nothing runs there any more

  bool operator==(const Worker&) const = default;
};

inline constexpr const char* kLabelCluster = "shardkeeper.io/cluster";
inline constexpr const char* kLabelShard = "shardkeeper.io/shard";
inline constexpr const char* kLabelRole = "shardkeeper.io/role";
inline constexpr const char* kConditionInCluster = "shardkeeper.io/in-cluster";
inline constexpr const char* kTaintOutOfService = "node.kubernetes.io/out-of-service";

// What a new pod must be; the platform chooses the worker.
struct PodRequest {
  PodName name;  // chosen by the planner's caller: cluster name, dash, five random characters
  ShardId shard;
  std::vector<WorkerName> workers_taken;  // hold members of this shard: never, or only when nothing else is left (spread mode)
  bool taken_is_hard = false;
  std::vector<WorkerName> workers_avoided;  // soft, first is avoided most: where it would be one primary too many

  bool operator==(const PodRequest&) const = default;
};

}  // namespace shardkeeper::model
