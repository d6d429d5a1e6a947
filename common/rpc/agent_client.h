// The production AgentDialer: one gRPC channel with mTLS for each agent.
#pragma once

#include "common/rpc/agent_api.h"
#include "common/time/scheduler.h"
#include "common/tls/identity.h"
#include "common/types/names.h"

#include <memory>
#include <string>

namespace shardkeeper::rpc {

// A link keeps a Watch stream open, whatever happens: 20 ms after a loss it tries again, then after twice as long each time up
// to 1 s, with jitter; in the first 3 s of a trouble at most 50 ms pass between tries, so that a pod that is just starting is
// seen as soon as its agent listens. The first word of a stream resets the back-off. A stream
// that says nothing for two node timeouts is given up and opened anew. on_lost comes once for a trouble, and again
// when the reason changes; not for every try.
// THREAD everything on the loop's thread; callbacks too, never before dial or execute has returned.
class GrpcAgentDialer final : public AgentDialer {
 public:
  // REQUIRES `scheduler` outlives the dialer.
  explicit GrpcAgentDialer(Scheduler& scheduler);
  // REQUIRES every link was destroyed before. Waits for gRPC's threads (milliseconds).
  ~GrpcAgentDialer() override;
  GrpcAgentDialer(const GrpcAgentDialer&) = delete;
  GrpcAgentDialer& operator=(const GrpcAgentDialer&) = delete;

  // The coordinator's certificate for this cluster. Links that are dialled later use it, as do those of the cluster that reconnect.
  void set_identity(const ClusterName& cluster, const tls::Identity& identity);

  // The agent must show a certificate of `pod` in `cluster`; any other, also another pod's, is refused (on_lost says so).
  // A cluster without an identity: on_lost(kInvalid) at each try until set_identity was called.
  std::unique_ptr<AgentLink> dial(const ClusterName& cluster, const PodName& pod, const std::string& address, FenceToken token,
                                  std::chrono::milliseconds node_timeout, AgentEvents events) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shardkeeper::rpc
