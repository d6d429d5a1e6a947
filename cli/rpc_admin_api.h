// AdminApi over the coordinator's unix socket.
#pragma once

#include "cli/admin_api.h"
#include "common/rpc/admin_client.h"

namespace shardkeeper::cli {

class RpcAdminApi final : public AdminApi {
 public:
  RpcAdminApi(const std::filesystem::path& socket, std::chrono::milliseconds deadline) : client_(socket, deadline) {}

  Result<admin::v1::Status> status(const std::string& cluster) override { return client_.status(cluster); }
  Result<admin::v1::Events> events(const std::string& cluster, std::uint32_t limit) override { return client_.events(cluster, limit); }
  Result<admin::v1::Workers> workers() override { return client_.workers(); }
  Result<void> cordon(const std::string& worker) override { return client_.cordon(worker); }
  Result<void> uncordon(const std::string& worker) override { return client_.uncordon(worker); }
  Result<void> lose(const std::string& worker, admin::v1::LoseWorkerRequest::Mode mode) override { return client_.lose(worker, mode); }
  Result<void> confirm_lost(const std::string& worker) override { return client_.confirm_lost(worker); }
  Result<void> accept_stale(const std::string& pod) override { return client_.accept_stale(pod); }
  Result<admin::v1::ScalePlan> plan_scale(const std::string& cluster, int shards) override { return client_.plan_scale(cluster, shards); }
  Result<admin::v1::Scaled> scale(const std::string& cluster, int shards) override { return client_.scale(cluster, shards); }
  Result<admin::v1::Version> version() override { return client_.version(); }
  Result<void> watch(const std::string& cluster, const std::function<Watching(const admin::v1::Status&)>& on_status) override {
    using ClientWatching = rpc::AdminClient::Watching;
    return client_.watch(cluster, [&](const admin::v1::Status& status) {
      return on_status(status) == Watching::kContinue ? ClientWatching::kContinue : ClientWatching::kStop;
    });
  }
  void cancel_watch() override { client_.cancel_watch(); }

 private:
  rpc::AdminClient client_;
};

}  // namespace shardkeeper::cli
