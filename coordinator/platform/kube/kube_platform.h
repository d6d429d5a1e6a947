// Pods and workers of a Kubernetes cluster.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/features.h"
#include "coordinator/platform/kube/cluster_homes.h"
#include "coordinator/platform/kube/objects/pod_plan.h"
#include "coordinator/platform/kube/pod_watch.h"
#include "coordinator/platform/platform.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

struct KubePlatformOptions {
  std::vector<std::string> spaces;  // none: all namespaces
  std::string helper_image;         // with prepare, agent and launch
  std::uint64_t seed = 0;           // of the jitter of watches
};

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class KubePlatform final : public Platform {
 public:
  struct Hooks {
    std::function<void()> synced;                            // pods and workers are all seen; once
    std::function<void(const ClusterName&)> access_changed;  // authority_of() or troubles() of it
  };

  KubePlatform(Api& api, Scheduler& scheduler, const Features& features, KubePlatformOptions options, Hooks hooks);
  ~KubePlatform() override;
  KubePlatform(const KubePlatform&) = delete;
  KubePlatform& operator=(const KubePlatform&) = delete;

  // Keeps Secrets, Services and disruption budgets of the cluster, and shows its pods. Again when the object changed.
  void open_cluster(const KubeCluster& cluster);
  void close_cluster(const ClusterName& cluster);
  std::vector<ClusterName> open_clusters() const;
  // Its CA certificate; none until its keys are there.
  std::optional<std::string> authority_of(const ClusterName& cluster) const { return homes_.authority_of(cluster); }
  // A certificate for talking to its agents. ERRORS kUnavailable: no keys yet, no randomness.
  Result<tls::Identity> issue_coordinator(const ClusterName& cluster) const { return homes_.issue_coordinator(cluster); }
  // What is wrong with objects of the cluster, and with what is watched.
  std::map<std::string, Error> troubles(const ClusterName& cluster) const;
  // Pods that were made from another spec than today's. Settings of the server do not count: running ones are told those.
  int outdated_pods(const ClusterName& cluster) const;

  std::string name() const override { return "kubernetes"; }
  const PlatformView& view() const override { return pods_.view(); }
  void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }
  std::string agent_address(const model::Pod& pod) const override;
  void create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) override;
  void evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override;
  void remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override;
  void set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) override;
  void set_condition(const PodName& pod, const std::string& type, bool holds, const std::string& reason, Done done) override;

 private:
  void post_pod(const ClusterName& cluster, const model::PodRequest& request, Done done);
  void send(const PodName& pod, Done done, const std::function<Request(const ObjectName&)>& request);
  void answer(Done done, Result<void> result);
  void pods_changed();
  void watch_troubled(const Error& error);
  void tell_trouble();
  std::optional<Error> watch_trouble() const;
  AgentIs agent_kind() const;
  PodsOfCluster pods_of(const ClusterName& cluster) const;

  Api& api_;
  Scheduler& scheduler_;
  const Features features_;
  const KubePlatformOptions options_;
  const Hooks hooks_;
  std::function<void()> changed_;
  std::unique_ptr<Timer> trouble_timer_;  // set while a watch is down
  KnownClusters opened_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way
  PodWatch pods_;
  ClusterHomes homes_;
};

}  // namespace shardkeeper::platform::kube
