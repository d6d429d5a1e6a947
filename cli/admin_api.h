// What the commands ask of a coordinator. rpc_admin_api.h asks a real one; tests answer by themselves.
#pragma once

#include "common/error/result.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <cstdint>
#include <functional>
#include <string>

namespace shardkeeper::cli {

// Every call blocks for a bounded time. ERRORS kUnavailable: no coordinator can be reached; kUnknownOutcome: no answer in time;
// others: the coordinator's words.
class AdminApi {
 public:
  virtual ~AdminApi() = default;

  virtual Result<admin::v1::Status> status(const std::string& cluster) = 0;  // "": all
  virtual Result<admin::v1::Events> events(const std::string& cluster, std::uint32_t limit) = 0;
  virtual Result<admin::v1::Workers> workers() = 0;
  virtual Result<void> cordon(const std::string& worker) = 0;
  virtual Result<void> uncordon(const std::string& worker) = 0;
  virtual Result<void> lose(const std::string& worker, admin::v1::LoseWorkerRequest::Mode mode) = 0;
  virtual Result<void> confirm_lost(const std::string& worker) = 0;
  virtual Result<void> accept_stale(const std::string& pod) = 0;
  virtual Result<admin::v1::ScalePlan> plan_scale(const std::string& cluster, int shards) = 0;  // shards 0: as the spec says now
  virtual Result<admin::v1::Scaled> scale(const std::string& cluster, int shards) = 0;
  virtual Result<admin::v1::Version> version() = 0;

  enum class Watching { kContinue, kStop };
  // Calls `on_status` at once and after every change, until it answers kStop or cancel_watch is called; both are success.
  virtual Result<void> watch(const std::string& cluster, const std::function<Watching(const admin::v1::Status&)>& on_status) = 0;
  // THREAD any.
  virtual void cancel_watch() = 0;
};

}  // namespace shardkeeper::cli
