// Answers the CLI from what the loops knew at their last pass.
#pragma once

#include "common/rpc/admin_server.h"
#include "common/time/scheduler.h"
#include "coordinator/admin/by_hand.h"
#include "coordinator/platform/platform.h"
#include "coordinator/reconcile/cluster_loop.h"

#include <map>
#include <memory>
#include <string>

namespace shardkeeper::coordinator {

// THREAD the loop's thread. REQUIRES what is handed in outlives it.
class AdminService final : public rpc::AdminHandler {
 public:
  struct Ports {
    Scheduler& scheduler;
    platform::Platform& platform;
    const std::map<ClusterName, std::unique_ptr<reconcile::ClusterLoop>>& clusters;
    const reconcile::EventLog& events;
    ByHand& by_hand;
  };

  explicit AdminService(Ports ports) : ports_(ports) {}

  void status(const std::string& cluster, Done<admin::v1::Status> done) override;
  void events(const admin::v1::EventsRequest& request, Done<admin::v1::Events> done) override;
  void workers(Done<admin::v1::Workers> done) override;
  void cordon(const std::string& worker, Done<void> done) override;
  void uncordon(const std::string& worker, Done<void> done) override;
  void lose(const admin::v1::LoseWorkerRequest& request, Done<void> done) override;
  void confirm_lost(const std::string& worker, Done<void> done) override;
  void accept_stale(const std::string& pod, Done<void> done) override;
  void plan_scale(const admin::v1::ScaleRequest& request, Done<admin::v1::ScalePlan> done) override;
  void scale(const admin::v1::ScaleRequest& request, Done<admin::v1::Scaled> done) override;
  admin::v1::Version version() override;
  void watch_opened(std::uint64_t stream, const std::string& cluster, Push push) override;
  void watch_closed(std::uint64_t stream) override;

  // Of one cluster, or of all where `cluster` is empty.
  admin::v1::Status status_of(const std::string& cluster) const;
  // Tells watchers, at most every 100 ms.
  void status_changed();

 private:
  struct Watcher {
    std::string cluster;
    Push push;
    std::string last;  // serialized: only changes are sent
  };

  void push_all();
  Result<const reconcile::ClusterLoop*> cluster_of(const std::string& name) const;
  Result<admin::v1::ScalePlan> plan_of(const admin::v1::ScaleRequest& request) const;
  Result<void> confirm_dead_at(const std::string& ip);

  Ports ports_;
  std::map<std::uint64_t, Watcher> watchers_;
  std::unique_ptr<Timer> push_timer_;
};

}  // namespace shardkeeper::coordinator
