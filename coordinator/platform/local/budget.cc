#include "coordinator/platform/local/budget.h"

#include <algorithm>
#include <string>

namespace shardkeeper::platform::local {
namespace {

bool is_available(const model::Pod& pod, const std::vector<model::Worker>& workers) {
  const auto condition = pod.conditions.find(model::kConditionInCluster);
  const auto worker = std::find_if(workers.begin(), workers.end(), [&](const model::Worker& w) { return w.name == pod.worker; });
  return pod.phase == model::PodPhase::kRunning && !pod.is_deleting && condition != pod.conditions.end() && condition->second &&
         worker != workers.end() && worker->ready;
}

}  // namespace

Result<void> may_evict(const model::Pod& pod, const std::vector<model::Pod>& pods, const std::vector<model::Worker>& workers,
                       int replicas_per_shard) {
  const auto shard = pod.shard();
  if (!shard || !is_available(pod, workers)) return {};
  const auto others = std::count_if(pods.begin(), pods.end(), [&](const model::Pod& other) {
    return other.name != pod.name && other.cluster == pod.cluster && other.shard() == shard && is_available(other, workers);
  });
  const int needed = 1 + replicas_per_shard;
  if (others >= needed) return {};
  return refused("pod " + pod.name.value, "shard " + to_string(*shard) + " of " + pod.cluster.value + " would have " +
                                              std::to_string(others) + " available pods and needs " + std::to_string(needed) +
                                              "; make another member first");
}

}  // namespace shardkeeper::platform::local
