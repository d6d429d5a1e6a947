#include "common/rpc/grpc_agent_link.h"

#include "common/rpc/convert/command.h"
#include "common/rpc/error_map.h"
#include "common/rpc/grpc_library.h"
#include "common/tls/authority.h"

#include <grpcpp/create_channel.h>

#include <functional>
#include <utility>

namespace shardkeeper::rpc {
namespace {

std::uint32_t jitter_seed(const LinkTarget& target, TimePoint now) {
  return static_cast<std::uint32_t>(std::hash<std::string>()(target.pod.value + target.address) ^
                                    static_cast<std::size_t>(now.since_start.count()));
}

}  // namespace

GrpcAgentLink::GrpcAgentLink(std::shared_ptr<LinkShared> shared, LinkTarget target, AgentEvents events)
    : shared_(std::move(shared)),
      target_(std::move(target)),
      events_(std::make_shared<const AgentEvents>(std::move(events))),
      backoff_(jitter_seed(target_, shared_->scheduler.now())),
      trouble_since_(shared_->scheduler.now()),
      last_error_(unavailable(where(), "is being connected")),
      calls_(shared_->mailbox, shared_->outstanding) {
  ++shared_->links;
  connect();
}

GrpcAgentLink::~GrpcAgentLink() {
  if (watch_) watch_->cancel();
  --shared_->links;
}

void GrpcAgentLink::report_now(std::uint64_t nonce) {
  newest_nonce_ = nonce;
  if (!watch_) return;
  auto message = plain_message();
  message.report_nonce = nonce;
  watch_->send(std::move(message));
}

void GrpcAgentLink::ask_for_view() {
  wants_view_ = true;
  if (!watch_) return;
  auto message = plain_message();
  message.want_view = true;
  watch_->send(std::move(message));
}

void GrpcAgentLink::set_peers(std::vector<Peer> peers) {
  if (peers == peers_) return;
  peers_ = std::move(peers);
  if (!watch_) return;
  auto message = plain_message();
  message.peers = peers_;
  watch_->send(std::move(message));
}

void GrpcAgentLink::execute(FenceToken token, const command::Command& command, std::chrono::milliseconds deadline, Done done) {
  if (!is_up_) {
    calls_.answer_later([done = std::move(done), error = unavailable(where(), "is not connected: " + last_error_.detail)] { done(error); });
    return;
  }
  agent::v1::ExecuteRequest request;
  request.set_token(token.value);
  convert::to_proto(command, request);
  calls_.begin(stub_, &agent::v1::Agent::Stub::async::Execute, std::move(request), deadline,
               [done = std::move(done), where = where()](const grpc::Status& status, const agent::v1::ExecuteResponse& response) {
                 if (status.ok())
                   done(convert::from_proto(response));
                 else
                   done(from_status(status, where, Effect::kPossible));
               });
}

void GrpcAgentLink::watch_said(Result<std::optional<NodeState>> message) {
  if (!message) {
    std::exchange(watch_, nullptr)->cancel();
    return lost({message.error().kind, where(), to_string(message.error())});
  }
  last_heard_ = shared_->scheduler.now();
  if (!is_up_) {
    is_up_ = true;
    last_error_ = {};
    backoff_.reset();
  }
  const auto events = events_;  // the callbacks may destroy this link
  if (!*message) return events->on_beat();
  NodeState& state = **message;
  if (state.view) wants_view_ = false;
  events->on_state(std::move(state));
}

void GrpcAgentLink::watch_ended(const grpc::Status& status) {
  watch_ = nullptr;
  lost(status.ok() ? unavailable(where(), "ended the stream") : from_status(status, where(), Effect::kNone));
}

void GrpcAgentLink::connect() {
  const auto credentials = shared_->credentials.find(target_.cluster);
  if (credentials == shared_->credentials.end())
    return calls_.answer_later(
        [this] { lost(invalid(where(), "no certificate for cluster " + target_.cluster.value + " to connect with")); });
  auto arguments = channel_arguments();
  arguments.SetSslTargetNameOverride(tls::pod_dns_name(target_.cluster, target_.pod));
  stub_ = agent::v1::Agent::NewStub(grpc::CreateCustomChannel(target_of(target_.address), credentials->second, arguments));
  auto first = plain_message();
  first.report_nonce = newest_nonce_;
  first.want_view = wants_view_;
  first.peers = peers_;
  last_heard_ = shared_->scheduler.now();
  watch_ = WatchCall::start(stub_, shared_->mailbox, shared_->outstanding, *this, first);
  beat_later();
}

// All links beat at the same instants: one wakeup of each thread for hundreds of them.
void GrpcAgentLink::beat_later() {
  const Duration interval = beat_interval(target_.node_timeout);
  timer_ = shared_->scheduler.after(interval - shared_->scheduler.now().since_start % interval, [this] { beat(); });
}

void GrpcAgentLink::beat() {
  const Duration silent = shared_->scheduler.now() - last_heard_;
  if (silent >= 2 * target_.node_timeout) {
    std::exchange(watch_, nullptr)->cancel();
    return lost(unavailable(where(), "said nothing for two node timeouts; connecting anew"));
  }
  watch_->send(plain_message());
  beat_later();
}

void GrpcAgentLink::lost(const Error& error) {
  const TimePoint now = shared_->scheduler.now();
  if (is_up_) trouble_since_ = now;
  // Once for a trouble, not for every try; again when the reason is another one.
  const bool is_news = is_up_ || !(error == last_error_);
  is_up_ = false;
  last_error_ = error;
  timer_ = shared_->scheduler.after(backoff_.next(now - trouble_since_), [this] { connect(); });
  if (!is_news) return;
  const auto events = events_;
  events->on_lost(error);
}

FromCoordinator GrpcAgentLink::plain_message() const {
  FromCoordinator message;
  message.token = target_.token;
  message.node_timeout = target_.node_timeout;
  return message;
}

}  // namespace shardkeeper::rpc
