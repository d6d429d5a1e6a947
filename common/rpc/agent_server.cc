#include "common/rpc/agent_server.h"

#include "common/rpc/agent_watch_stream.h"
#include "common/rpc/convert/command.h"
#include "common/rpc/convert/limits.h"
#include "common/rpc/convert/node_state.h"
#include "common/rpc/error_map.h"
#include "common/rpc/grpc_library.h"
#include "common/rpc/listen_check.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/permissions.h"
#include "common/rpc/server_call.h"

#include "shardkeeper/agent/v1/agent.grpc.pb.h"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace shardkeeper::rpc {
namespace {

namespace pb = shardkeeper::agent::v1;

constexpr std::size_t kStreamsMax = 8;  // the coordinator's, and those of predecessors that nobody has noticed to be gone
constexpr std::size_t kCallsMax = 64;

CertificateNames names_of(const grpc::AuthContext& context) {
  CertificateNames names;
  for (const auto& name : context.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME)) names.common_name.assign(name.data(), name.size());
  for (const auto& name : context.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) names.dns_names.emplace_back(name.data(), name.size());
  return names;
}

}  // namespace

// The service's methods run on gRPC's threads and touch only what is constant; everything else is the loop's.
class AgentServer::Impl final : public pb::Agent::CallbackService {
 public:
  Impl(const AgentServerOptions& options, Scheduler& scheduler, AgentHandler& handler)
      : cluster_(options.cluster), scheduler_(scheduler), mailbox_(Mailbox::make(scheduler)), handler_(handler) {}
  ~Impl() override { stop(); }

  Result<void> start(const AgentServerOptions& options);
  int port() const { return port_; }
  void close_streams();

  grpc::ServerUnaryReactor* Execute(grpc::CallbackServerContext* context, const pb::ExecuteRequest* request,
                                    pb::ExecuteResponse* response) override;
  grpc::ServerUnaryReactor* GetState(grpc::CallbackServerContext* context, const pb::GetStateRequest* request,
                                     pb::NodeState* response) override;
  grpc::ServerBidiReactor<pb::FromCoordinator, pb::FromAgent>* Watch(grpc::CallbackServerContext* context) override;

 private:
  static grpc::ServerUnaryReactor* refuse(grpc::CallbackServerContext* context, const grpc::Status& status);
  // An open stream and when its coordinator last spoke.
  struct Watcher {
    std::shared_ptr<AgentWatchStream> stream;
    TimePoint last_heard;
    std::chrono::milliseconds node_timeout{5000};
  };

  void open_stream(const std::shared_ptr<AgentWatchStream>& stream);
  bool make_room();
  void heard(std::uint64_t id, const FromCoordinator& message);
  void stop();

  const ClusterName cluster_;
  Scheduler& scheduler_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<OpenCalls> calls_ = std::make_shared<OpenCalls>(kCallsMax);
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;

  AgentHandler& handler_;
  bool is_stopping_ = false;
  std::uint64_t streams_opened_ = 0;
  std::map<std::uint64_t, Watcher> streams_;
};

Result<void> AgentServer::Impl::start(const AgentServerOptions& options) {
  if (const auto checked = tls::check(options.identity); !checked) return checked;
  if (const auto checked = check_can_listen(options.address); !checked) return checked;
  grpc::ServerBuilder builder;
  limit_server(builder, convert::kMessageBytesMax);
  builder.AddListeningPort(options.address, server_credentials(options.identity), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (!server_ || port_ == 0) return unavailable(options.address, "gRPC cannot listen on it; run with log level debug for its reason");
  return {};
}

void AgentServer::Impl::stop() {
  // First the loop's side: what was posted is answered, nothing new comes in. Then gRPC, which waits for its threads; they never
  // wait for this one.
  is_stopping_ = true;
  mailbox_->close();
  calls_->finish_all(stopping());
  for (const auto& [id, watcher] : streams_) watcher.stream->finish(stopping());
  streams_.clear();
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::time_point());  // long ago: cancel at once
  server_->Wait();
}

grpc::ServerUnaryReactor* AgentServer::Impl::refuse(grpc::CallbackServerContext* context, const grpc::Status& status) {
  auto* const reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

grpc::ServerUnaryReactor* AgentServer::Impl::Execute(grpc::CallbackServerContext* context, const pb::ExecuteRequest* request,
                                                     pb::ExecuteResponse* response) {
  const auto caller = identify(names_of(*context->auth_context()), cluster_);
  if (!caller) return refuse(context, not_permitted(caller.error()));
  auto command = convert::from_proto(*request);
  if (!command) return refuse(context, to_status(command.error()));
  if (const auto allowed = may_execute(*caller, *command); !allowed) return refuse(context, not_permitted(allowed.error()));
  return run_on_loop(*mailbox_, calls_, response,
                     [this, caller = *caller, token = FenceToken{request->token()}, command = std::move(*command)](auto answer) mutable {
                       if (is_stopping_) return answer->call().finish(stopping());
                       handler_.execute(caller, token, std::move(command), [answer](const Result<command::Outcome>& outcome) {
                         if (outcome)
                           answer->call().succeed([&](pb::ExecuteResponse& out) { convert::to_proto(*outcome, out); });
                         else
                           answer->call().finish(to_status(outcome.error()));
                       });
                     });
}

grpc::ServerUnaryReactor* AgentServer::Impl::GetState(grpc::CallbackServerContext* context, const pb::GetStateRequest* request,
                                                      pb::NodeState* response) {
  const auto caller = identify(names_of(*context->auth_context()), cluster_);
  if (!caller) return refuse(context, not_permitted(caller.error()));
  return run_on_loop(*mailbox_, calls_, response, [this, want_view = request->want_view()](auto answer) {
    if (is_stopping_) return answer->call().finish(stopping());
    handler_.sample(want_view, [answer](const Result<NodeState>& sampled) {
      if (!sampled) return answer->call().finish(to_status(sampled.error()));
      answer->call().succeed([&](pb::NodeState& out) { convert::to_proto(*sampled, out); });
    });
  });
}

grpc::ServerBidiReactor<pb::FromCoordinator, pb::FromAgent>* AgentServer::Impl::Watch(grpc::CallbackServerContext* context) {
  auto stream = AgentWatchStream::make(mailbox_);
  const auto caller = identify(names_of(*context->auth_context()), cluster_);
  const auto allowed = caller ? may_watch(*caller) : Result<void>(caller.error());
  if (!allowed)
    stream->finish(not_permitted(allowed.error()));
  else if (!mailbox_->post([this, stream] { open_stream(stream); }))
    stream->finish(stopping());
  return stream.get();
}

void AgentServer::Impl::open_stream(const std::shared_ptr<AgentWatchStream>& stream) {
  if (is_stopping_) return stream->finish(stopping());
  if (streams_.size() >= kStreamsMax && !make_room()) return stream->finish(too_busy("watch streams"));
  const std::uint64_t id = ++streams_opened_;
  streams_.emplace(id, Watcher{.stream = stream, .last_heard = scheduler_.now()});
  stream->open({.on_message = [this, id](const FromCoordinator& message) { heard(id, message); },
                .on_closed =
                    [this, id] {
                      streams_.erase(id);
                      if (!is_stopping_) handler_.watch_closed(id);
                    }});
  handler_.watch_opened(id, [stream](const NodeState* state) { stream->send(state); });
}

void AgentServer::Impl::heard(std::uint64_t id, const FromCoordinator& message) {
  auto& watcher = streams_.at(id);
  watcher.last_heard = scheduler_.now();
  watcher.node_timeout = message.node_timeout;
  if (!is_stopping_) handler_.watch_message(id, message);
}

// Connections that a netsplit cut are not noticed here for minutes; the coordinators that come after must not wait for that.
bool AgentServer::Impl::make_room() {
  const auto silent = std::ranges::find_if(
      streams_, [now = scheduler_.now()](const auto& entry) { return now - entry.second.last_heard > entry.second.node_timeout; });
  if (silent == streams_.end()) return false;
  const auto [id, watcher] = *silent;
  streams_.erase(silent);
  watcher.stream->finish(to_status(unavailable("", "the coordinator on this stream was silent for a node timeout")));
  handler_.watch_closed(id);
  return true;
}

void AgentServer::Impl::close_streams() {
  for (const auto& [id, watcher] : std::exchange(streams_, {})) {
    watcher.stream->finish(stopping());
    handler_.watch_closed(id);
  }
}

Result<std::unique_ptr<AgentServer>> AgentServer::start(const AgentServerOptions& options, Scheduler& scheduler, AgentHandler& handler) {
  set_up_grpc();
  auto impl = std::make_unique<Impl>(options, scheduler, handler);
  if (const auto started = impl->start(options); !started) return started.error();
  return std::unique_ptr<AgentServer>(new AgentServer(std::move(impl)));
}

AgentServer::AgentServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AgentServer::~AgentServer() = default;
int AgentServer::port() const { return impl_->port(); }
void AgentServer::close_streams() { impl_->close_streams(); }

}  // namespace shardkeeper::rpc
