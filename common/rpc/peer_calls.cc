#include "common/rpc/peer_calls.h"

#include "common/rpc/client_calls.h"
#include "common/rpc/convert/command.h"
#include "common/rpc/convert/node_state.h"
#include "common/rpc/error_map.h"
#include "common/rpc/grpc_library.h"
#include "common/tls/authority.h"

#include "shardkeeper/agent/v1/agent.grpc.pb.h"

#include <grpcpp/create_channel.h>

namespace shardkeeper::rpc {
namespace {

namespace pb = shardkeeper::agent::v1;

constexpr std::chrono::milliseconds kDeadline{1000};
constexpr std::chrono::milliseconds kSetSlotsDeadline{10'000};  // each slot may wait for replicas
constexpr std::size_t kPeerCallsMax = 64;

std::string where(const Peer& peer) { return "agent of pod " + peer.pod.value; }
Error too_many(const Peer& peer) {
  return unavailable(where(peer), "not asked: " + std::to_string(kPeerCallsMax) + " calls to peers are under way");
}

}  // namespace

class GrpcPeerCalls::Impl {
 public:
  Impl(const ClusterName& cluster, const tls::Identity& identity, Scheduler& scheduler)
      : cluster_(cluster), credentials_(channel_credentials(identity)), mailbox_(Mailbox::make(scheduler)) {}
  ~Impl() {
    calls_.reset();
    mailbox_->close();
    outstanding_->wait_for_none();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void set_identity(const tls::Identity& identity) { credentials_ = channel_credentials(identity); }
  ClientCalls& calls() { return *calls_; }
  bool is_full() const { return calls_->size() >= kPeerCallsMax; }

  std::shared_ptr<pb::Agent::Stub> stub(const Peer& peer) const {
    auto arguments = channel_arguments();
    arguments.SetSslTargetNameOverride(tls::pod_dns_name(cluster_, peer.pod));
    return pb::Agent::NewStub(grpc::CreateCustomChannel(target_of(peer.agent_address), credentials_, arguments));
  }

 private:
  const ClusterName cluster_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<Outstanding> outstanding_ = std::make_shared<Outstanding>();
  std::unique_ptr<ClientCalls> calls_ = std::make_unique<ClientCalls>(mailbox_, outstanding_);
};

GrpcPeerCalls::GrpcPeerCalls(const ClusterName& cluster, const tls::Identity& identity, Scheduler& scheduler) {
  set_up_grpc();
  impl_ = std::make_unique<Impl>(cluster, identity, scheduler);
}

GrpcPeerCalls::~GrpcPeerCalls() = default;

void GrpcPeerCalls::set_identity(const tls::Identity& identity) { impl_->set_identity(identity); }

void GrpcPeerCalls::sample(const Peer& peer, Sampled done) {
  if (impl_->is_full()) return impl_->calls().answer_later([done = std::move(done), error = too_many(peer)] { done(error); });
  pb::GetStateRequest request;
  request.set_want_view(true);
  impl_->calls().begin(impl_->stub(peer), &pb::Agent::Stub::async::GetState, request, kDeadline,
                       [done = std::move(done), where = where(peer)](const grpc::Status& status, const pb::NodeState& state) {
                         if (status.ok())
                           done(convert::from_proto(state));
                         else
                           done(from_status(status, where, Effect::kNone));
                       });
}

void GrpcPeerCalls::execute(const Peer& peer, const command::Command& command, AgentLink::Done done) {
  if (impl_->is_full()) return impl_->calls().answer_later([done = std::move(done), error = too_many(peer)] { done(error); });
  pb::ExecuteRequest request;
  convert::to_proto(command, request);
  const auto deadline = std::holds_alternative<command::SetSlots>(command) || std::holds_alternative<command::RestoreFunctions>(command)
                            ? kSetSlotsDeadline
                            : kDeadline;
  impl_->calls().begin(impl_->stub(peer), &pb::Agent::Stub::async::Execute, std::move(request), deadline,
                       [done = std::move(done), where = where(peer)](const grpc::Status& status, const pb::ExecuteResponse& response) {
                         if (status.ok())
                           done(convert::from_proto(response));
                         else
                           done(from_status(status, where, Effect::kPossible));
                       });
}

}  // namespace shardkeeper::rpc
