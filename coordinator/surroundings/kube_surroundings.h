// Kubernetes: a Lease, ValkeyCluster objects, pods on workers.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/kube_platform.h"
#include "coordinator/platform/kube/reflectors.h"
#include "coordinator/reconcile/lease.h"
#include "coordinator/surroundings/event_writer.h"
#include "coordinator/surroundings/kube_objects.h"
#include "coordinator/surroundings/status_writer.h"
#include "coordinator/surroundings/surroundings.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace shardkeeper::coordinator {

class KubeSurroundings final : public Surroundings, private ByHand {
 public:
  struct Ports {
    Scheduler& scheduler;
    std::unique_ptr<platform::kube::Api> api;
    std::unique_ptr<reconcile::Lease> lease;  // may use the api
  };

  // `instance` is this process's name in Events.
  KubeSurroundings(Ports ports, platform::kube::KubePlatformOptions options, std::string instance);
  ~KubeSurroundings() override;

  void start(Hooks hooks) override;
  void raise_token(FenceToken seen) override;
  platform::Platform& platform() override { return *platform_; }
  ByHand& by_hand() override { return *this; }
  const std::map<ClusterName, WantedCluster>& clusters() const override { return clusters_; }
  void passed(const reconcile::ClusterLoop& loop) override;
  void happened(const reconcile::Event& event) override;
  void stop(std::function<void()> done) override;

 private:
  void cordon(const WorkerName& worker, Done done) override;
  void uncordon(const WorkerName& worker, Done done) override;
  void lose(const WorkerName& worker, WorkerLoss loss, Done done) override;
  void confirm_lost(const WorkerName& worker, Done done) override;
  std::string shards_are_set_by(const ClusterName& cluster, int shards) const override;
  void set_shards(const ClusterName& cluster, int shards, std::function<void(Result<std::string>)> done) override;

  void look_around();
  void lead(const platform::kube::Features& features);
  void use(FenceToken token);
  void object_changed(const platform::kube::Change& change);
  void apply_soon();
  void apply();
  void open_objects();
  bool adopt(const ClusterName& name, const SeenObject& seen);
  void say_status_soon(const ClusterName& name);
  void say_status(const reconcile::ClusterLoop& loop);
  void say_why_not_run(const platform::kube::ObjectName& place, const SeenObject& seen);

  Scheduler& scheduler_;
  std::unique_ptr<platform::kube::Api> api_;
  std::unique_ptr<reconcile::Lease> lease_;
  const platform::kube::KubePlatformOptions options_;
  Hooks hooks_;
  FenceToken token_;
  KubeObjects objects_;
  std::map<ClusterName, WantedCluster> clusters_;
  bool is_raising_ = false;
  bool is_stopped_ = false;
  bool are_pods_seen_ = false;
  bool is_apply_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way
  std::unique_ptr<Timer> retry_;
  std::unique_ptr<Timer> renewal_;
  StatusWriter statuses_;
  EventWriter events_;
  std::map<ClusterName, std::unique_ptr<Timer>> status_rests_;  // armed: it was just put together
  std::set<ClusterName> status_due_;                            // a pass has ended since, or the object is another
  std::unique_ptr<platform::kube::KubePlatform> platform_;
  std::unique_ptr<platform::kube::Reflectors> watch_;
};

}  // namespace shardkeeper::coordinator
