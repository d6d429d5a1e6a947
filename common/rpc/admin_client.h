// The CLI's side of the Admin service: synchronous calls over the coordinator's unix socket.
#pragma once

#include "common/error/result.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace shardkeeper::rpc {

// Every call blocks for at most `deadline`. ERRORS kUnavailable: no coordinator listens on the socket (with the way out), or it
// is shutting down; kUnknownOutcome: no answer in time; kNotFound, kRefused, kConflict, kInvalid: the coordinator's words.
// THREAD one at a time; cancel_watch from any.
class AdminClient {
 public:
  explicit AdminClient(std::filesystem::path socket, std::chrono::milliseconds deadline = std::chrono::seconds(5));
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  Result<admin::v1::Status> status(const std::string& cluster);                       // "": all
  Result<admin::v1::Events> events(const std::string& cluster, std::uint32_t limit);  // newest last; limit 0: 100
  Result<admin::v1::Workers> workers();
  Result<void> cordon(const std::string& worker);
  Result<void> uncordon(const std::string& worker);
  Result<void> lose(const std::string& worker, admin::v1::LoseWorkerRequest::Mode mode);
  Result<void> confirm_lost(const std::string& worker);
  Result<void> accept_stale(const std::string& pod);
  Result<admin::v1::ScalePlan> plan_scale(const std::string& cluster, int shards);  // shards 0: as the spec says now
  Result<admin::v1::Scaled> scale(const std::string& cluster, int shards);
  Result<admin::v1::Version> version();

  enum class Watching { kContinue, kStop };
  // Calls `on_status` at once and after every change until it returns kStop or cancel_watch is called: both are success. The
  // deadline is for the beginning: whether a coordinator answers and knows the cluster. Once a client.
  Result<void> watch(const std::string& cluster, const std::function<Watching(const admin::v1::Status&)>& on_status);
  // Ends watch(), now or before it began. THREAD any, but no signal handler.
  void cancel_watch();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shardkeeper::rpc
