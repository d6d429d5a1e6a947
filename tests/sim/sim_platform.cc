#include "tests/sim/sim_platform.h"

#include <algorithm>

namespace shardkeeper::sim {
namespace {

constexpr std::chrono::milliseconds kEffectTakes{30};

}  // namespace

SimPlatform::SimPlatform(SimScheduler& scheduler, SimBus& bus, int workers) : scheduler_(scheduler), bus_(bus) {
  for (int i = 1; i <= workers; ++i) view_.workers.push_back({WorkerName("w" + std::to_string(i)), "", true, true, {}});
}

void SimPlatform::later(std::function<Result<void>()> work, Done done) {
  scheduler_.later(kEffectTakes, [this, work = std::move(work), done = std::move(done)] {
    const auto result = work();
    refresh();
    done(result);
  });
}

void SimPlatform::create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) {
  later(
      [this, cluster = cluster.name, request]() -> Result<void> {
        if (pods_.contains(request.name.value)) return conflict("pod " + request.name.value, "exists");
        // The least crowded worker that holds no member of the shard, where there is one.
        const auto score = [&](const model::Worker& worker) {
          const bool taken = std::ranges::find(request.workers_taken, worker.name) != request.workers_taken.end();
          const auto crowd = std::ranges::count_if(pods_, [&](const auto& entry) { return entry.second->pod().worker == worker.name; });
          return std::pair(taken, crowd);
        };
        const auto worker = std::ranges::min_element(view_.workers, {}, score);
        model::Pod pod;
        pod.name = request.name;
        pod.uid = PodUid("uid-" + std::to_string(++made_));
        pod.cluster = cluster;
        pod.labels = {{model::kLabelCluster, cluster.value}, {model::kLabelShard, to_string(request.shard)}};
        pod.worker = worker->name;
        pod.ip = "10.0.0." + std::to_string(made_);
        pod.phase = model::PodPhase::kRunning;
        pod.containers = {{"valkey", "c-" + std::to_string(made_), true, std::nullopt, 0}};
        pods_.emplace(pod.name.value, std::make_unique<SimPod>(
                                          scheduler_, bus_, [this](const std::string& address) { return at(address); }, pod));
        return {};
      },
      std::move(done));
}

void SimPlatform::remove(const PodName& name, const PodUid& uid, std::chrono::seconds, Done done) {
  later(
      [this, name, uid]() -> Result<void> {
        const auto it = pods_.find(name.value);
        if (it == pods_.end() || it->second->pod().uid != uid) return not_found("pod " + name.value, "is gone");
        auto* server = it->second->server();
        it->second->end_server();
        if (server != nullptr) server_removed(*server);
        it->second->kill_agent();
        pods_.erase(it);
        return {};
      },
      std::move(done));
}

void SimPlatform::set_labels(const PodName& name, const std::map<std::string, std::string>& labels, Done done) {
  later(
      [this, name, labels]() -> Result<void> {
        const auto it = pods_.find(name.value);
        if (it == pods_.end()) return not_found("pod " + name.value, "is gone");
        for (const auto& [key, value] : labels) it->second->pod().labels[key] = value;
        return {};
      },
      std::move(done));
}

void SimPlatform::set_condition(const PodName& name, const std::string& type, bool holds, const std::string&, Done done) {
  later(
      [this, name, type, holds]() -> Result<void> {
        const auto it = pods_.find(name.value);
        if (it == pods_.end()) return not_found("pod " + name.value, "is gone");
        it->second->pod().conditions[type] = holds;
        return {};
      },
      std::move(done));
}

SimPod* SimPlatform::at(const std::string& address) {
  for (auto& [name, pod] : pods_)
    if (pod->pod().ip == address) return pod.get();
  return nullptr;
}

void SimPlatform::look() {
  for (auto& [name, pod] : pods_) pod->look();
}

void SimPlatform::refresh() {
  view_.pods.clear();
  for (const auto& [name, pod] : pods_) view_.pods.push_back(pod->pod());
  if (changed_) changed_();
}

}  // namespace shardkeeper::sim
