#include "common/rpc/agent_client.h"

#include "common/error/check.h"
#include "common/rpc/grpc_agent_link.h"
#include "common/rpc/grpc_library.h"

namespace shardkeeper::rpc {

class GrpcAgentDialer::Impl {
 public:
  explicit Impl(Scheduler& scheduler) : shared(new LinkShared{.scheduler = scheduler, .mailbox = Mailbox::make(scheduler)}) {}
  ~Impl() {
    SK_CHECK(shared->links == 0, "a link outlives its dialer");
    shared->mailbox->close();
    shared->outstanding->wait_for_none();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const std::shared_ptr<LinkShared> shared;
};

GrpcAgentDialer::GrpcAgentDialer(Scheduler& scheduler) {
  set_up_grpc();
  impl_ = std::make_unique<Impl>(scheduler);
}

GrpcAgentDialer::~GrpcAgentDialer() = default;

void GrpcAgentDialer::set_identity(const ClusterName& cluster, const tls::Identity& identity) {
  impl_->shared->credentials[cluster] = channel_credentials(identity);
}

std::unique_ptr<AgentLink> GrpcAgentDialer::dial(const ClusterName& cluster, const PodName& pod, const std::string& address,
                                                 FenceToken token, std::chrono::milliseconds node_timeout, AgentEvents events) {
  return std::make_unique<GrpcAgentLink>(impl_->shared, LinkTarget{cluster, pod, address, token, node_timeout}, std::move(events));
}

}  // namespace shardkeeper::rpc
