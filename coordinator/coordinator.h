// Runs a loop for every cluster that is wanted, for as long as this process leads. Decides nothing about clusters.
#pragma once

#include "common/http/http_server.h"
#include "common/net/asio_scheduler.h"
#include "common/rpc/admin_server.h"
#include "common/rpc/agent_client.h"
#include "coordinator/admin/admin_service.h"
#include "coordinator/admin/standby_service.h"
#include "coordinator/options.h"
#include "coordinator/pass_times.h"
#include "coordinator/reconcile/cluster_loop.h"
#include "coordinator/surroundings/surroundings.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>

namespace shardkeeper::coordinator {

// THREAD the loop's thread.
class Coordinator {
 public:
  // `failed` is called once when it cannot go on (lease lost, platform cannot be opened); the process should then end.
  Coordinator(boost::asio::io_context& loop, Options options, std::function<void(Error)> failed);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Waits for the lease, then runs what is wanted.
  void start();
  // Stops acting, then the pods (where they are this process's to stop), then gives the lease back; then `done`.
  void stop(std::function<void()> done);

  // For the demo's picture; the same as the CLI sees.
  admin::v1::Status status() const;
  // Called after something in status() may have changed.
  void on_status(std::function<void()> changed) { status_changed_ = std::move(changed); }

 private:
  Result<void> open();
  void stand_by(const std::string& leader);
  Result<void> lead(FenceToken token);
  void apply_clusters();
  void run(const ClusterName& name, const WantedCluster& wanted);
  void use_token(FenceToken token);
  Result<void> start_http();
  http::HttpResponse page(const http::HttpRequest& request) const;
  reconcile::Neighbours neighbours_of(const ClusterName& cluster) const;

  boost::asio::io_context& loop_;
  AsioScheduler scheduler_;
  Options options_;
  std::function<void(Error)> failed_;
  std::function<void()> status_changed_;
  FenceToken token_;
  bool is_leading_ = false;
  PassTimes pass_times_;
  reconcile::EventLog events_;
  std::unique_ptr<Surroundings> surroundings_;
  std::unique_ptr<rpc::GrpcAgentDialer> dialer_;
  std::map<ClusterName, tls::Identity> identities_;  // that the dialer uses
  std::map<ClusterName, std::unique_ptr<reconcile::ClusterLoop>> clusters_;
  StandbyService standby_service_;
  std::unique_ptr<AdminService> admin_service_;
  std::unique_ptr<rpc::AdminServer> admin_server_;
  std::unique_ptr<http::HttpServer> http_;
};

}  // namespace shardkeeper::coordinator
