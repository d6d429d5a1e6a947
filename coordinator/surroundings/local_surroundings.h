// Local processes: a lease file, manifests in files, pods on loopback.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/manifest/files.h"
#include "coordinator/options.h"
#include "coordinator/platform/local/local_platform.h"
#include "coordinator/reconcile/file_lease.h"
#include "coordinator/surroundings/surroundings.h"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::coordinator {

class LocalSurroundings final : public Surroundings, private ByHand {
 public:
  // `holder` differs for every start of a process.
  LocalSurroundings(boost::asio::io_context& loop, Scheduler& scheduler, const Options& options, std::string holder);
  ~LocalSurroundings() override;

  void start(Hooks hooks) override;
  void raise_token(FenceToken seen) override;
  platform::Platform& platform() override { return *platform_; }
  ByHand& by_hand() override { return *this; }
  const std::map<ClusterName, WantedCluster>& clusters() const override { return clusters_; }
  void passed(const reconcile::ClusterLoop&) override {}
  void happened(const reconcile::Event&) override {}
  void stop(std::function<void()> done) override;

 private:
  void cordon(const WorkerName& worker, Done done) override;
  void uncordon(const WorkerName& worker, Done done) override;
  void lose(const WorkerName& worker, WorkerLoss loss, Done done) override;
  void confirm_lost(const WorkerName& worker, Done done) override;
  std::string shards_are_set_by(const ClusterName&, int) const override { return ""; }
  void set_shards(const ClusterName& cluster, int shards, std::function<void(Result<std::string>)> done) override;

  void lead(FenceToken token);
  Result<void> open();
  void apply_manifests();
  void adopt(const manifest::WantedCluster& wanted);
  void not_opened(const ClusterName& name, const Error& reason, std::vector<model::Finding> findings);
  void leave_running(const Error& reason);
  Result<std::string> write_shards(const ClusterName& cluster, int shards);

  boost::asio::io_context& loop_;
  Scheduler& scheduler_;
  const platform::local::LocalOptions options_;
  const std::vector<std::string> cluster_files_;
  AtEnd at_end_;
  Hooks hooks_;
  bool is_raising_ = false;
  reconcile::FileLease lease_;
  std::unique_ptr<Timer> manifests_timer_;                  // set while a change could not be written down
  std::map<ClusterName, std::optional<Error>> not_opened_;  // said already
  std::unique_ptr<platform::local::LocalPlatform> platform_;
  std::unique_ptr<manifest::ManifestFiles> files_;
  std::map<ClusterName, WantedCluster> clusters_;
};

}  // namespace shardkeeper::coordinator
