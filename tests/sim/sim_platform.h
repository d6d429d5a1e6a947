// Pods and workers in simulated time.
#pragma once

#include "coordinator/platform/platform.h"
#include "tests/sim/sim_pod.h"
#include "tests/sim/sim_scheduler.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace shardkeeper::sim {

class SimPlatform final : public platform::Platform {
 public:
  SimPlatform(SimScheduler& scheduler, SimBus& bus, int workers);

  std::string name() const override { return "sim"; }
  const platform::PlatformView& view() const override { return view_; }
  void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }
  std::string agent_address(const model::Pod& pod) const override { return pod.ip; }
  void create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) override;
  void evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override {
    remove(pod, uid, grace, std::move(done));
  }
  void remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override;
  void set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) override;
  void set_condition(const PodName& pod, const std::string& type, bool holds, const std::string& reason, Done done) override;

  std::map<std::string, std::unique_ptr<SimPod>>& pods() { return pods_; }  // by name
  SimPod* at(const std::string& address);
  std::function<void(SimServer&)> server_removed = [](SimServer&) {};  // the coordinator's doing, with the pod
  void look();

 private:
  void refresh();
  void later(std::function<Result<void>()> work, Done done);

  SimScheduler& scheduler_;
  SimBus& bus_;
  std::map<std::string, std::unique_ptr<SimPod>> pods_;
  platform::PlatformView view_;
  std::function<void()> changed_;
  int made_ = 0;
};

}  // namespace shardkeeper::sim
