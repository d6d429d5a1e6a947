// What differs between local processes and Kubernetes: who leads, which clusters are wanted, where pods run, what becomes of a status.
#pragma once

#include "common/error/result.h"
#include "common/tls/identity.h"
#include "common/types/epoch.h"
#include "coordinator/admin/by_hand.h"
#include "coordinator/model/finding.h"
#include "coordinator/model/spec.h"
#include "coordinator/platform/platform.h"
#include "coordinator/reconcile/cluster_loop.h"
#include "coordinator/reconcile/events.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace shardkeeper::coordinator {

// A cluster to run.
struct WantedCluster {
  model::ClusterObject object;           // the last good one, with its uid
  tls::Identity identity;                // the coordinator's, for talking to the cluster's agents
  std::vector<model::Finding> findings;  // about the object: what is wrong with what was written since, what could not be made of it
};

// THREAD everything on the loop's thread; callbacks too, never before start() has returned.
class Surroundings {
 public:
  struct Hooks {
    // Once: this process may act; platform(), by_hand() and clusters() hold from now on. An error ends it as failed() does.
    std::function<Result<void>(FenceToken)> lead;
    // Meanwhile another process does; told where people can reach this one, too, with their questions.
    std::function<void(const std::string& holder)> other_leads;
    std::function<void(FenceToken)> token_raised;  // as raise_token asked
    std::function<void()> clusters_changed;        // clusters() did
    std::function<void(const Error&)> failed;      // it cannot go on; nothing follows
    // The loop that runs the cluster now; null: none does.
    std::function<const reconcile::ClusterLoop*(const ClusterName&)> loop;
  };

  virtual ~Surroundings() = default;
  // Waits until this process leads.
  virtual void start(Hooks hooks) = 0;
  // Agents have obeyed this number: ours must be above it.
  virtual void raise_token(FenceToken seen) = 0;
  virtual platform::Platform& platform() = 0;
  virtual ByHand& by_hand() = 0;
  // One that is not among them any more is not run any more.
  virtual const std::map<ClusterName, WantedCluster>& clusters() const = 0;

  // A pass of the loop ended.
  virtual void passed(const reconcile::ClusterLoop& loop) = 0;
  virtual void happened(const reconcile::Event& event) = 0;

  // Gives the lease back. REQUIRES nothing is done with the platform any more.
  virtual void stop(std::function<void()> done) = 0;
};

}  // namespace shardkeeper::coordinator
