// What a Kubernetes cluster does beside its API server, played: a scheduler and a kubelet for pods of ValkeyClusters, in whose place there are
// production agent cores with modelled servers (tests/sim), each behind its own gRPC server with mTLS on an address of loopback.
#pragma once

#include "common/net/asio_scheduler.h"
#include "common/rpc/agent_server.h"
#include "coordinator/platform/kube/client/http_api.h"
#include "coordinator/platform/kube/client/reflector.h"
#include "tests/sim/sim_pod.h"
#include "tests/support/loopback.h"

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::bench {

// THREAD everything on the caller's thread, inside run_until.
class KubeWorld {
 public:
  static constexpr const char* kNamespace = "bench";

  // Makes workers, namespace and the kind ValkeyCluster. Throws std::runtime_error.
  explicit KubeWorld(const std::filesystem::path& kubeconfig);
  ~KubeWorld();
  KubeWorld(const KubeWorld&) = delete;
  KubeWorld& operator=(const KubeWorld&) = delete;

  // Turns the loop until `condition` holds. RETURNS false when `deadline` passed without that.
  bool run_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline);

  void create_cluster(const std::string& name, int shards, int replicas);
  std::size_t clusters_ready() const;  // by their status
  std::size_t agents() const;          // that listen
  // Who holds the coordinators' Lease; "" when nobody does.
  std::string leader();
  // Requests that the API server has answered so far, by "VERB resource".
  std::map<std::string, double> requests();

 private:
  struct Cluster;
  struct Pod;

  std::string kubectl(std::vector<std::string> arguments) const;
  boost::json::object ask(platform::kube::Request request);
  void make_workers();
  void pod_changed(const platform::kube::Change& change);
  void place(const boost::json::object& pod);
  void start(const boost::json::object& pod);
  void listen(Pod& pod, const tls::Identity& identity);
  void ask_identity(const std::string& name);
  void tell(Pod& pod);
  void turn();
  void look(Pod& pod);
  void send(platform::kube::Request request);

  const std::filesystem::path kubeconfig_;
  boost::asio::io_context loop_{1};
  AsioScheduler scheduler_{loop_};
  std::unique_ptr<platform::kube::HttpApi> api_;
  std::map<std::string, std::unique_ptr<Cluster>> clusters_;
  std::map<std::string, std::unique_ptr<Pod>> pods_;
  std::unique_ptr<platform::kube::Reflector> seen_pods_;
  std::unique_ptr<platform::kube::Reflector> seen_clusters_;
  std::unique_ptr<platform::kube::Reflector> seen_leases_;
  test::LoopbackBlock addresses_[4];  // 250 pods each
  int last_address_ = 0;
  int last_worker_ = 0;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::bench
