#include "common/rpc/admin_server.h"

#include "common/rpc/admin_watch_stream.h"
#include "common/rpc/clean_message.h"
#include "common/rpc/grpc_library.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/server_call.h"
#include "common/rpc/socket_check.h"

#include "shardkeeper/admin/v1/admin.grpc.pb.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>

#include <chrono>
#include <map>

namespace shardkeeper::rpc {
namespace {

namespace pb = shardkeeper::admin::v1;
using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr std::size_t kWatchersMax = 32;
constexpr std::size_t kAdminCallsMax = 64;
constexpr int kRequestBytesMax = 64 * 1024;

// What a handler's `done` does: fills the response, or passes the error on.
template <typename Response>
AdminHandler::Done<Response> answer_with(std::shared_ptr<Answer<Response>> answer) {
  return [answer = std::move(answer)](const Result<Response>& result) {
    if (result)
      answer->call().succeed([&](Response& out) {
        out = *result;
        clean(out);
      });
    else
      answer->call().finish(to_status(result.error()));
  };
}

AdminHandler::Done<void> answer_empty(std::shared_ptr<Answer<pb::Empty>> answer) {
  return [answer = std::move(answer)](const Result<void>& result) {
    answer->call().finish(result ? grpc::Status::OK : to_status(result.error()));
  };
}

}  // namespace

// The service's methods run on gRPC's threads and touch only what is constant; everything else is the loop's.
class AdminServer::Impl final : public pb::Admin::CallbackService {
 public:
  Impl(Scheduler& scheduler, AdminHandler& handler) : mailbox_(Mailbox::make(scheduler)), handler_(handler) {}
  ~Impl() override { stop(); }

  Result<void> start(const std::filesystem::path& socket);

  Reactor* GetStatus(Context*, const pb::StatusRequest* request, pb::Status* response) override {
    return on_loop(response,
                   [this, cluster = request->cluster()](auto answer) { handler_.status(cluster, answer_with(std::move(answer))); });
  }
  Reactor* ListEvents(Context*, const pb::EventsRequest* request, pb::Events* response) override {
    return on_loop(response, [this, request = *request](auto answer) { handler_.events(request, answer_with(std::move(answer))); });
  }
  Reactor* ListWorkers(Context*, const pb::WorkersRequest*, pb::Workers* response) override {
    return on_loop(response, [this](auto answer) { handler_.workers(answer_with(std::move(answer))); });
  }
  Reactor* CordonWorker(Context*, const pb::WorkerRequest* request, pb::Empty* response) override {
    return on_loop(response, [this, worker = request->worker()](auto answer) { handler_.cordon(worker, answer_empty(std::move(answer))); });
  }
  Reactor* UncordonWorker(Context*, const pb::WorkerRequest* request, pb::Empty* response) override {
    return on_loop(response,
                   [this, worker = request->worker()](auto answer) { handler_.uncordon(worker, answer_empty(std::move(answer))); });
  }
  Reactor* LoseWorker(Context*, const pb::LoseWorkerRequest* request, pb::Empty* response) override {
    return on_loop(response, [this, request = *request](auto answer) { handler_.lose(request, answer_empty(std::move(answer))); });
  }
  Reactor* ConfirmLost(Context*, const pb::WorkerRequest* request, pb::Empty* response) override {
    return on_loop(response,
                   [this, worker = request->worker()](auto answer) { handler_.confirm_lost(worker, answer_empty(std::move(answer))); });
  }
  Reactor* AcceptStale(Context*, const pb::PodRequest* request, pb::Empty* response) override {
    return on_loop(response, [this, pod = request->pod()](auto answer) { handler_.accept_stale(pod, answer_empty(std::move(answer))); });
  }
  Reactor* PlanScale(Context*, const pb::ScaleRequest* request, pb::ScalePlan* response) override {
    return on_loop(response, [this, request = *request](auto answer) { handler_.plan_scale(request, answer_with(std::move(answer))); });
  }
  Reactor* Scale(Context*, const pb::ScaleRequest* request, pb::Scaled* response) override {
    return on_loop(response, [this, request = *request](auto answer) { handler_.scale(request, answer_with(std::move(answer))); });
  }
  Reactor* GetVersion(Context*, const pb::Empty*, pb::Version* response) override {
    return on_loop(response, [this](auto answer) { answer_with(std::move(answer))(handler_.version()); });
  }
  grpc::ServerWriteReactor<pb::Status>* WatchStatus(Context* context, const pb::StatusRequest* request) override;

 private:
  // Bad input has no way in: requests are a few strings, bounded by the size of a message.
  template <typename Response, typename Work>
  Reactor* on_loop(Response* response, Work work) {
    return run_on_loop(*mailbox_, calls_, response, [this, work = std::move(work)](std::shared_ptr<Answer<Response>> answer) {
      if (is_stopping_) return answer->call().finish(stopping());
      work(std::move(answer));
    });
  }
  void open_stream(const std::shared_ptr<AdminWatchStream>& stream, const std::string& cluster);
  void stop();

  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<OpenCalls> calls_ = std::make_shared<OpenCalls>(kAdminCallsMax);
  std::unique_ptr<grpc::Server> server_;

  AdminHandler& handler_;
  bool is_stopping_ = false;
  std::uint64_t streams_opened_ = 0;
  std::map<std::uint64_t, std::shared_ptr<AdminWatchStream>> streams_;
};

Result<void> AdminServer::Impl::start(const std::filesystem::path& socket) {
  if (const auto checked = check_can_listen_on_socket(socket); !checked) return checked;
  grpc::ServerBuilder builder;
  limit_server(builder, kRequestBytesMax);
  builder.AddListeningPort("unix:" + socket.string(), grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  // The socket is there with mode 0600 from its first moment; chmod afterwards would leave a gap.
  const mode_t before = ::umask(0177);
  server_ = builder.BuildAndStart();
  ::umask(before);
  if (!server_) return unavailable(socket.string(), "gRPC cannot listen on it; run with log level debug for its reason");
  return {};
}

void AdminServer::Impl::stop() {
  // As in AgentServer: the loop's side first, then gRPC, which waits for its threads.
  is_stopping_ = true;
  mailbox_->close();
  calls_->finish_all(stopping());
  for (const auto& [id, stream] : streams_) stream->finish(stopping());
  streams_.clear();
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::time_point());  // long ago: cancel at once
  server_->Wait();
}

grpc::ServerWriteReactor<pb::Status>* AdminServer::Impl::WatchStatus(Context*, const pb::StatusRequest* request) {
  auto stream = AdminWatchStream::make(mailbox_);
  if (!mailbox_->post([this, stream, cluster = request->cluster()] { open_stream(stream, cluster); })) stream->finish(stopping());
  return stream.get();
}

void AdminServer::Impl::open_stream(const std::shared_ptr<AdminWatchStream>& stream, const std::string& cluster) {
  if (is_stopping_) return stream->finish(stopping());
  if (streams_.size() >= kWatchersMax) return stream->finish(too_busy("watchers"));
  const std::uint64_t id = ++streams_opened_;
  streams_.emplace(id, stream);
  stream->open([this, id] {
    streams_.erase(id);
    if (!is_stopping_) handler_.watch_closed(id);
  });
  handler_.watch_opened(id, cluster, [stream](pb::Status status) { stream->send(std::move(status)); });
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(const std::filesystem::path& socket, Scheduler& scheduler, AdminHandler& handler) {
  set_up_grpc();
  auto impl = std::make_unique<Impl>(scheduler, handler);
  if (const auto started = impl->start(socket); !started) return started.error();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

}  // namespace shardkeeper::rpc
