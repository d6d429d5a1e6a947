// Pods as local processes: an agent and a `launch`ed valkey-server each, with a folder and a loopback address of their own.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"
#include "common/tls/identity.h"
#include "coordinator/platform/local/broken_pod.h"
#include "coordinator/platform/local/cluster_home.h"
#include "coordinator/platform/local/local_pod.h"
#include "coordinator/platform/local/options.h"
#include "coordinator/platform/local/spawn_guard.h"
#include "coordinator/platform/local/state_folder.h"
#include "coordinator/platform/local/worker_set.h"
#include "coordinator/platform/platform.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

// What the coordinator needs to know of a cluster that it did not read in the manifest.
struct ClusterAccess {
  std::string uid;            // made once per cluster name, kept in the state folder
  tls::Identity coordinator;  // for talking to this cluster's agents; issued anew at every call
};

enum class Loss {
  kKill,     // everything on the worker ends at once and nothing is started there
  kStop,     // everything on the worker stops answering (SIGSTOP), as on a hung machine
  kRestore,  // the worker is back: stopped processes continue, ended ones are started again
};

// REQUIRES the lease of the state folder is held by this process: two platforms on one folder would fight over the pods.
// THREAD the loop's thread. Destroying it leaves every process running; a later platform on the same folder adopts them.
class LocalPlatform final : public Platform {
 public:
  // Reads the state folder and adopts what runs there; the first view is complete when it returns.
  // ERRORS kInvalid: options (no worker, a missing binary, the folder's path is too long for unix sockets);
  // kUnavailable: the folder cannot be made or written, or what a predecessor was starting is stopped half-way (spawn_guard.h).
  static Result<std::unique_ptr<LocalPlatform>> open(boost::asio::io_context& loop, Scheduler& scheduler, LocalOptions options);
  ~LocalPlatform() override;
  LocalPlatform(const LocalPlatform&) = delete;
  LocalPlatform& operator=(const LocalPlatform&) = delete;

  // Makes uid, certificate authority and replication password of the cluster at the first call and keeps them; later calls read
  // them and take over the spec's replicasPerShard as the shard's disruption budget. Call it before create() and after every
  // change of the spec. `cluster.uid` is ignored. ERRORS kInvalid: the name cannot be a folder's; kUnavailable: disk.
  Result<ClusterAccess> open_cluster(const model::ClusterObject& cluster);

  std::string name() const override { return "local"; }
  const PlatformView& view() const override;
  void on_change(std::function<void()> changed) override;
  std::string agent_address(const model::Pod& pod) const override;
  void create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) override;
  void evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override;
  void remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) override;
  void set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) override;
  void set_condition(const PodName& pod, const std::string& type, bool holds, const std::string& reason, Done done) override;

  // Workers, for people. All: ERRORS kNotFound: no such worker; kUnavailable: it could not be written down.
  void cordon(const WorkerName& worker, Done done);
  void uncordon(const WorkerName& worker, Done done);
  // The platform sees a lost worker as Kubernetes does: not ready, its pods' containers as they were last seen.
  void lose(const WorkerName& worker, Loss loss, Done done);
  // A person's word that what ran on a lost worker is gone: ends what is left of it, then adds the out-of-service taint.
  // ERRORS kRefused: the worker is not lost.
  void confirm_lost(const WorkerName& worker, Done done);

  // Ends every pod at once (SIGTERM, after `limit` SIGKILL), removes pods and clusters from the state folder, then calls `done`.
  // Cordons and taints are kept. Nothing may be created afterwards.
  void stop_all(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  struct MadeFrom {
    std::string image;
    ServerRecord server;

    bool operator==(const MadeFrom&) const = default;
  };

  LocalPlatform(boost::asio::io_context& loop, Scheduler& scheduler, LocalOptions options, StateFolder state, SpawnGuard guard,
                WorkerSet workers);
  LocalPod& add(PodRecord record);
  Result<ClusterHome*> home_of(const ClusterName& cluster);
  Result<PodName> place(const model::ClusterObject& cluster, const model::PodRequest& request);
  Result<LocalPod*> find(const PodName& pod, const PodUid& uid);
  Result<void> remove_now(const PodName& pod, const PodUid& uid, std::chrono::seconds grace);
  void remove_broken(const PodName& pod);
  Result<void> change_worker(const WorkerName& worker, const std::function<Result<void>(WorkerRecord&)>& change);
  void answer(Done done, Result<void> result);
  void post(std::function<void()> work);
  void mark_changed();
  void rebuild_view();
  std::vector<model::Pod> pods_now() const;  // view_ is what callers may hold a reference to; this is what is true in this turn of the loop
  void pod_gone(const PodName& pod);
  void finish_when_empty();

  LocalOptions options_;
  StateFolder state_;
  SpawnGuard guard_;
  Scheduler& scheduler_;
  WorkerSet workers_;
  std::map<ClusterName, ClusterHome> clusters_;
  std::map<ClusterName, MadeFrom> today_;  // of a pod that is made now
  PodSurroundings surroundings_;
  std::map<PodName, std::unique_ptr<LocalPod>> pods_;
  std::map<PodName, BrokenPod> broken_;
  PlatformView view_;
  bool is_view_due_ = false;
  std::function<void()> changed_;
  std::function<void()> stopped_;                               // set by stop_all
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared by this object and what it posted
};

}  // namespace shardkeeper::platform::local
