#include "coordinator/platform/local/choose_worker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

namespace shardkeeper::platform::local {
namespace {

bool is_taken(const WorkerName& worker, const model::PodRequest& request) {
  return std::find(request.workers_taken.begin(), request.workers_taken.end(), worker) != request.workers_taken.end();
}

// 0: not to be avoided; the first named weighs most.
std::ptrdiff_t avoidance(const WorkerName& worker, const model::PodRequest& request) {
  return request.workers_avoided.end() - std::find(request.workers_avoided.begin(), request.workers_avoided.end(), worker);
}

// A pod that is being deleted leaves soon: counting it would keep its successor away from a worker that is about to be empty.
std::ptrdiff_t pods_staying(const WorkerName& worker, const std::vector<model::Pod>& pods) {
  return std::count_if(pods.begin(), pods.end(), [&](const model::Pod& pod) { return pod.worker == worker && !pod.is_deleting; });
}

// Ties go to the next worker after the shard's last one, in a circle: with first members on 1, 2, 3 the second ones land on 2, 3, 1, and
// every worker has as many pods as the others.
bool comes_before_taken(const WorkerName& worker, const model::PodRequest& request) {
  return !request.workers_taken.empty() && worker < request.workers_taken.back();
}

// Why nothing can be placed there; none: it can.
std::optional<std::string> obstacle(const model::Worker& worker, const model::PodRequest& request) {
  if (!worker.ready) return "is not ready";
  if (!worker.schedulable) return "is cordoned";
  if (!worker.taints.empty()) return "has the taint " + worker.taints.front();
  if (request.taken_is_hard && is_taken(worker.name, request)) return "holds a member of the shard already";
  return std::nullopt;
}

}  // namespace

Result<WorkerName> choose_worker(const std::vector<model::Worker>& workers, const std::vector<model::Pod>& pods,
                                 const model::PodRequest& request) {
  const auto cost = [&](const model::Worker& worker) {
    return std::tuple(is_taken(worker.name, request), avoidance(worker.name, request), pods_staying(worker.name, pods),
                      comes_before_taken(worker.name, request), worker.name);
  };
  const model::Worker* best = nullptr;
  std::string obstacles;
  for (const auto& worker : workers) {
    if (const auto reason = obstacle(worker, request)) {
      obstacles += (obstacles.empty() ? "" : ", ") + worker.name.value + " " + *reason;
      continue;
    }
    if (best == nullptr || cost(worker) < cost(*best)) best = &worker;
  }
  if (best != nullptr) return best->name;
  return refused("pod " + request.name.value, "no worker can take a member of shard " + to_string(request.shard) + ": " + obstacles +
                                                  "; uncordon or restore a worker, or start the coordinator with one more");
}

}  // namespace shardkeeper::platform::local
