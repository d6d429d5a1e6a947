// The local platform's disruption budget: may this pod be evicted now? Pure. Plays the one PodDisruptionBudget per shard
// (minAvailable: 1 + replicasPerShard) that the coordinator makes on Kubernetes.
#pragma once

#include "common/error/result.h"
#include "coordinator/model/pods.h"

#include <vector>

namespace shardkeeper::platform::local {

// A pod counts as available while it runs, is not being deleted, its worker is ready and condition shardkeeper.io/in-cluster holds.
// An unavailable pod may always go (policy AlwaysAllow). An available one may go when 1 + replicas_per_shard others of its shard stay.
// ERRORS kRefused with the figures.
Result<void> may_evict(const model::Pod& pod, const std::vector<model::Pod>& pods, const std::vector<model::Worker>& workers,
                       int replicas_per_shard);

}  // namespace shardkeeper::platform::local
