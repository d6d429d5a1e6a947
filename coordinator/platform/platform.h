// Where pods and workers are seen and made. Two implementations: local processes, and Kubernetes.
#pragma once

#include "common/error/result.h"
#include "coordinator/model/pods.h"
#include "coordinator/model/spec.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace shardkeeper::platform {

struct PlatformView {
  std::vector<model::Pod> pods;        // of all clusters, sorted by name
  std::vector<model::Worker> workers;  // sorted by name
};

// THREAD every function and callback on the loop's thread. Effects answer through `done`, never before they return; what they
// changed shows in view() later, and that is what counts.
class Platform {
 public:
  virtual ~Platform() = default;
  using Done = std::function<void(Result<void>)>;

  virtual std::string name() const = 0;                       // local | kubernetes
  virtual const PlatformView& view() const = 0;               // what was last seen; cheap
  virtual void on_change(std::function<void()> changed) = 0;  // called after view() changed

  // gRPC address of the pod's agent, once it is known.
  virtual std::string agent_address(const model::Pod& pod) const = 0;

  // ERRORS kConflict: a pod of that name exists. kRefused: nothing can be placed (with the reason). kUnavailable.
  virtual void create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) = 0;
  // Asks whether the pod may go now; kRefused with the reason when a disruption budget says no. Otherwise it is deleted.
  virtual void evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) = 0;
  // Deletes without asking. kNotFound when the pod of that uid is gone.
  virtual void remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) = 0;
  virtual void set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) = 0;
  virtual void set_condition(const PodName& pod, const std::string& type, bool holds, const std::string& reason, Done done) = 0;
};

}  // namespace shardkeeper::platform
