// The coordinator's Admin service on a unix socket, for the CLI. The generated messages are the value types here: both the
// coordinator that fills them and the CLI that draws them know them, and nothing decides by them.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace shardkeeper::rpc {

// THREAD every function on the loop's thread; `done` is called there, at once or later.
class AdminHandler {
 public:
  virtual ~AdminHandler() = default;
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  // `cluster` "": all. ERRORS kNotFound: no such cluster.
  virtual void status(const std::string& cluster, Done<admin::v1::Status> done) = 0;
  virtual void events(const admin::v1::EventsRequest& request, Done<admin::v1::Events> done) = 0;
  virtual void workers(Done<admin::v1::Workers> done) = 0;
  virtual void cordon(const std::string& worker, Done<void> done) = 0;
  virtual void uncordon(const std::string& worker, Done<void> done) = 0;
  virtual void lose(const admin::v1::LoseWorkerRequest& request, Done<void> done) = 0;
  virtual void confirm_lost(const std::string& worker, Done<void> done) = 0;
  virtual void accept_stale(const std::string& pod, Done<void> done) = 0;
  virtual void plan_scale(const admin::v1::ScaleRequest& request, Done<admin::v1::ScalePlan> done) = 0;
  virtual void scale(const admin::v1::ScaleRequest& request, Done<admin::v1::Scaled> done) = 0;
  virtual admin::v1::Version version() = 0;

  // Somebody watches. `push` sends a status; while an older one is still on its way only the newest waits. It may be called
  // until watch_closed, and later does nothing.
  using Push = std::function<void(admin::v1::Status)>;
  virtual void watch_opened(std::uint64_t stream, const std::string& cluster, Push push) = 0;
  virtual void watch_closed(std::uint64_t stream) = 0;
};

// Bounds: 32 watchers, 64 calls under way, messages of 64 KiB from clients. No TLS: who may open the socket (mode 0600) may ask.
// THREAD start, destructor and every call of `handler` on the loop's thread.
class AdminServer {
 public:
  // A socket file that nobody listens on is replaced. ERRORS kConflict: somebody listens on it; kInvalid: the path is too long
  // for a unix socket (107 bytes); kUnavailable: the folder is missing or not writable.
  // REQUIRES `scheduler` and `handler` outlive the server.
  static Result<std::unique_ptr<AdminServer>> start(const std::filesystem::path& socket, Scheduler& scheduler, AdminHandler& handler);

  // Ends what is under way with UNAVAILABLE, removes the socket. No call of `handler` comes after.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

 private:
  class Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shardkeeper::rpc
