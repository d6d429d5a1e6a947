// One pod: its record, its three containers, its folder. Carries on from whatever the record says.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"
#include "coordinator/model/pods.h"
#include "coordinator/platform/local/container.h"
#include "coordinator/platform/local/options.h"
#include "coordinator/platform/local/pod_commands.h"
#include "coordinator/platform/local/pod_processes.h"
#include "coordinator/platform/local/pod_record.h"
#include "coordinator/platform/local/pod_removal.h"
#include "coordinator/platform/local/spawn_guard.h"
#include "coordinator/platform/local/state_folder.h"
#include "coordinator/platform/local/worker_set.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

// What all pods share. REQUIRES it outlives them.
struct PodSurroundings {
  boost::asio::io_context& loop;
  Scheduler& scheduler;
  const LocalOptions& options;
  const StateFolder& state;
  const SpawnGuard& guard;
  std::function<Result<ClusterSecrets>(const ClusterName&)> secrets_of;
  std::function<void()> changed;             // something that view() shows
  std::function<void(const PodName&)> gone;  // its processes and its folder are; through the scheduler
};

// THREAD the loop's thread. Destroying it leaves its processes running.
class LocalPod {
 public:
  // REQUIRES the pod's folder and its volume are there.
  LocalPod(const PodSurroundings& surroundings, PodRecord record);
  ~LocalPod() { *alive_ = false; }
  LocalPod(const LocalPod&) = delete;
  LocalPod& operator=(const LocalPod&) = delete;

  // Adopts what runs, ends what is not in the record, starts what is missing. `worker` is the state that its worker is in, `running` what
  // may work in its folder (nothing, where that was just made).
  void carry_on(WorkerHealth worker, const std::vector<WorkingProcess>& running);
  // The worker is lost; kUp: it is back.
  void set_worker_health(WorkerHealth health);

  // ERRORS kUnavailable: it could not be written down, and nothing was changed.
  Result<void> set_labels(const std::map<std::string, std::string>& labels);
  Result<void> set_condition(const std::string& type, bool holds);

  // Asks for the end; repeated with a shorter grace it hastens. On a lost worker only a grace of 0 does anything before the worker is back: then
  // the pod is forgotten at once, and what is left of it ends with the worker's return.
  void remove(std::chrono::seconds grace);
  // For the end of everything: no preStop, because there is nobody to hand over to. Works on lost workers, too.
  void stop(Duration limit);
  // A person said that its worker is gone for good: what is left of it ends now; what waits for its deletion is gone.
  void confirm_lost();

  const PodRecord& record() const { return record_; }
  model::Pod view() const;

 private:
  Result<void> save();
  void thaw();
  Command guarded(Command command) const;
  Container make_container(const char* name, RestartPolicy policy, ContainerRecord& record, std::function<Result<Command>()> command);
  void end_strangers(const std::vector<WorkingProcess>& running);
  void start_containers();
  void freeze(WorkerHealth health);
  void begin_removal();
  PodRemoval& new_removal();
  void clean_up();

  const PodSurroundings& around_;
  PodRecord record_;
  std::filesystem::path folder_;
  WorkerHealth worker_ = WorkerHealth::kUp;
  std::string trouble_;  // the pod's own, beside its containers'
  Container prepare_;
  Container agent_;
  Container valkey_;
  std::unique_ptr<PodRemoval> removal_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared by this object and what it posted
};

}  // namespace shardkeeper::platform::local
