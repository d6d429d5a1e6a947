// What is seen of pods and workers: two watches, one view.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/features.h"
#include "coordinator/platform/kube/client/reflector.h"
#include "coordinator/platform/kube/objects/owner.h"
#include "coordinator/platform/kube/reflectors.h"
#include "coordinator/platform/platform.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::platform::kube {

// Uids of the ValkeyClusters whose pods are shown. A pod of a former object of the same name is not: the garbage collector has it.
struct KnownCluster {
  std::string uid;
  std::string made_from;  // of a pod that is made now

  bool operator==(const KnownCluster&) const = default;
};
using KnownClusters = std::map<ClusterName, KnownCluster>;

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class PodWatch {
 public:
  struct Hooks {
    std::function<void()> changed;  // after view() changed; several changes are one call, but for an end of a server, which is told at once
    std::function<void()> synced;   // both lists were complete; once
    std::function<void(const Error&)> troubled;  // a watch; once for each different trouble
  };

  // No `spaces`: pods of all namespaces.
  PodWatch(Api& api, Scheduler& scheduler, const std::vector<std::string>& spaces, std::uint64_t seed, Hooks hooks);
  ~PodWatch();
  PodWatch(const PodWatch&) = delete;
  PodWatch& operator=(const PodWatch&) = delete;

  const PlatformView& view() const { return view_; }
  void show_only(KnownClusters clusters);
  // A pod as the API server answered its creation: it is shown before the watch tells of it, or the planner might make a second one.
  void saw_created(const boost::json::object& pod);

  std::optional<ObjectName> place_of(const PodName& pod) const;
  std::optional<KubeVersion> oldest_kubelet() const;  // of workers that pods may be placed on
  const std::optional<Error>& trouble() const;        // of a watch, now

 private:
  struct Seen {
    model::Pod pod;
    Owner owner;
    std::string made_from;
  };

  void pod_changed(const Change& change);
  void node_changed(const Change& change);
  void take(const ObjectName& name, const boost::json::object& object);
  void read_all_pods();
  void mark_changed();
  void rebuild();
  void tell_if_synced();

  Scheduler& scheduler_;
  const Hooks hooks_;
  KnownClusters clusters_;
  std::map<ObjectName, Seen> pods_;
  std::map<WorkerName, model::Worker> workers_;
  std::map<WorkerName, KubeVersion> kubelets_;
  PlatformView view_;
  bool is_change_due_ = false;
  bool told_synced_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with what was posted
  std::unique_ptr<Reflectors> pod_reflector_;
  std::unique_ptr<Reflector> node_reflector_;
};

}  // namespace shardkeeper::platform::kube
