// How an agent asks other agents of its cluster: for tickets, hand-overs and fresh samples without the coordinator.
#pragma once

#include "common/error/result.h"
#include "common/node/command.h"
#include "common/node/node_state.h"
#include "common/rpc/agent_api.h"
#include "common/time/scheduler.h"
#include "common/tls/identity.h"
#include "common/types/names.h"

#include <functional>
#include <memory>

namespace shardkeeper::rpc {

// A port: the simulator has its own. THREAD the loop's thread; `done` comes once, later, within about a second, of SetSlots within ten.
class PeerCalls {
 public:
  virtual ~PeerCalls() = default;

  using Sampled = std::function<void(Result<NodeState>)>;
  // A fresh sample of the peer's server. ERRORS kUnavailable; kUnknownOutcome: no answer in time; kRefused: not of this cluster; kInvalid.
  virtual void sample(const Peer& peer, Sampled done) = 0;
  // TakeTicket, SetSlots, RestoreFunctions, or Failover under a ticket. ERRORS as of AgentLink::execute.
  virtual void execute(const Peer& peer, const command::Command& command, AgentLink::Done done) = 0;
};

// gRPC with the agent's own certificate. Calls are rare: each opens a channel and closes it afterwards; a second is the
// deadline, ten for SetSlots, which waits for replicas. At most 64 under way, more fail at once with kUnavailable.
class GrpcPeerCalls final : public PeerCalls {
 public:
  // REQUIRES `scheduler` outlives it.
  GrpcPeerCalls(const ClusterName& cluster, const tls::Identity& identity, Scheduler& scheduler);
  // Cancels what is under way; no callback comes after.
  ~GrpcPeerCalls() override;
  GrpcPeerCalls(const GrpcPeerCalls&) = delete;
  GrpcPeerCalls& operator=(const GrpcPeerCalls&) = delete;

  // For calls from now on.
  void set_identity(const tls::Identity& identity);

  void sample(const Peer& peer, Sampled done) override;
  void execute(const Peer& peer, const command::Command& command, AgentLink::Done done) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shardkeeper::rpc
