#include "common/rpc/admin_client.h"

#include "common/error/check.h"
#include "common/rpc/convert/limits.h"
#include "common/rpc/error_map.h"
#include "common/rpc/grpc_library.h"
#include "common/rpc/socket_check.h"

#include "shardkeeper/admin/v1/admin.grpc.pb.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include <atomic>

namespace shardkeeper::rpc {
namespace {

namespace pb = shardkeeper::admin::v1;

// A status of hundreds of pods with their findings.
constexpr int kAnswerBytesMax = 16 * 1024 * 1024;

std::unique_ptr<pb::Admin::Stub> make_stub(const std::filesystem::path& socket) {
  auto arguments = channel_arguments();
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  // The authority would be the percent-encoded path, which servers may refuse.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  return pb::Admin::NewStub(grpc::CreateCustomChannel("unix:" + socket.string(), grpc::InsecureChannelCredentials(), arguments));
}

pb::ScaleRequest scale_request(const std::string& cluster, int shards) {
  pb::ScaleRequest request;
  request.set_cluster(cluster);
  request.set_shards(shards);
  return request;
}

}  // namespace

class AdminClient::Impl {
 public:
  Impl(std::filesystem::path socket, std::chrono::milliseconds deadline)
      : socket_(std::move(socket)), deadline_(deadline), stub_(make_stub(socket_)) {}

  template <typename Request, typename Response>
  Result<Response> call(grpc::Status (pb::Admin::Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
                        Effect effect) {
    if (const auto listens = check_somebody_listens(socket_); !listens) return listens.error();
    grpc::ClientContext context;
    context.set_deadline(deadline_after(deadline_));
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return from_status(status, "coordinator", effect);
    return response;
  }

  template <typename Request>
  Result<void> act(grpc::Status (pb::Admin::Stub::*method)(grpc::ClientContext*, const Request&, pb::Empty*), const Request& request) {
    const auto done = call(method, request, Effect::kPossible);
    if (!done) return done.error();
    return {};
  }

  Result<void> watch(const std::string& cluster, const std::function<Watching(const pb::Status&)>& on_status);
  void cancel_watch() {
    is_cancelled_ = true;
    watch_context_.TryCancel();
  }

 private:
  const std::filesystem::path socket_;
  const std::chrono::milliseconds deadline_;
  const std::unique_ptr<pb::Admin::Stub> stub_;
  grpc::ClientContext watch_context_;
  bool has_watched_ = false;
  std::atomic<bool> is_cancelled_ = false;  // tells our own cancellation from a coordinator's end
};

Result<void> AdminClient::Impl::watch(const std::string& cluster, const std::function<Watching(const pb::Status&)>& on_status) {
  SK_CHECK(!has_watched_, "a client watches once");
  has_watched_ = true;
  pb::StatusRequest request;
  request.set_cluster(cluster);
  // A stream has no deadline: so first a call that has one, which also says whether there is such a cluster.
  if (const auto answered = call(&pb::Admin::Stub::GetStatus, request, Effect::kNone); !answered) return answered.error();
  const auto reader = stub_->WatchStatus(&watch_context_, request);
  pb::Status status;
  while (reader->Read(&status)) {
    if (on_status(status) == Watching::kContinue) continue;
    cancel_watch();
    break;
  }
  const grpc::Status ended = reader->Finish();
  if (ended.ok() || is_cancelled_) return {};
  return from_status(ended, "coordinator", Effect::kNone);
}

AdminClient::AdminClient(std::filesystem::path socket, std::chrono::milliseconds deadline) {
  set_up_grpc();
  impl_ = std::make_unique<Impl>(std::move(socket), deadline);
}

AdminClient::~AdminClient() = default;

Result<pb::Status> AdminClient::status(const std::string& cluster) {
  pb::StatusRequest request;
  request.set_cluster(cluster);
  return impl_->call(&pb::Admin::Stub::GetStatus, request, Effect::kNone);
}

Result<pb::Events> AdminClient::events(const std::string& cluster, std::uint32_t limit) {
  pb::EventsRequest request;
  request.set_cluster(cluster);
  request.set_limit(limit);
  return impl_->call(&pb::Admin::Stub::ListEvents, request, Effect::kNone);
}

Result<pb::Workers> AdminClient::workers() { return impl_->call(&pb::Admin::Stub::ListWorkers, pb::WorkersRequest(), Effect::kNone); }

Result<void> AdminClient::cordon(const std::string& worker) {
  pb::WorkerRequest request;
  request.set_worker(worker);
  return impl_->act(&pb::Admin::Stub::CordonWorker, request);
}

Result<void> AdminClient::uncordon(const std::string& worker) {
  pb::WorkerRequest request;
  request.set_worker(worker);
  return impl_->act(&pb::Admin::Stub::UncordonWorker, request);
}

Result<void> AdminClient::lose(const std::string& worker, pb::LoseWorkerRequest::Mode mode) {
  pb::LoseWorkerRequest request;
  request.set_worker(worker);
  request.set_mode(mode);
  return impl_->act(&pb::Admin::Stub::LoseWorker, request);
}

Result<void> AdminClient::confirm_lost(const std::string& worker) {
  pb::WorkerRequest request;
  request.set_worker(worker);
  return impl_->act(&pb::Admin::Stub::ConfirmLost, request);
}

Result<void> AdminClient::accept_stale(const std::string& pod) {
  pb::PodRequest request;
  request.set_pod(pod);
  return impl_->act(&pb::Admin::Stub::AcceptStale, request);
}

Result<pb::ScalePlan> AdminClient::plan_scale(const std::string& cluster, int shards) {
  return impl_->call(&pb::Admin::Stub::PlanScale, scale_request(cluster, shards), Effect::kNone);
}

Result<pb::Scaled> AdminClient::scale(const std::string& cluster, int shards) {
  return impl_->call(&pb::Admin::Stub::Scale, scale_request(cluster, shards), Effect::kPossible);
}

Result<pb::Version> AdminClient::version() { return impl_->call(&pb::Admin::Stub::GetVersion, pb::Empty(), Effect::kNone); }

Result<void> AdminClient::watch(const std::string& cluster, const std::function<Watching(const pb::Status&)>& on_status) {
  return impl_->watch(cluster, on_status);
}

void AdminClient::cancel_watch() { impl_->cancel_watch(); }

}  // namespace shardkeeper::rpc
