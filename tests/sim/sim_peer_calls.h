// One simulated agent's calls to the others of its cluster.
#pragma once

#include "common/rpc/peer_calls.h"

#include <functional>
#include <memory>
#include <string>

namespace shardkeeper::sim {

class SimPod;

class SimPeerCalls final : public rpc::PeerCalls {
 public:
  using Find = std::function<SimPod*(const std::string& address)>;  // null where no pod is there
  SimPeerCalls(Scheduler& scheduler, std::string caller, Find find)
      : scheduler_(scheduler), caller_(std::move(caller)), find_(std::move(find)) {}

  void sample(const rpc::Peer& peer, Sampled done) override;
  void execute(const rpc::Peer& peer, const command::Command& command, rpc::AgentLink::Done done) override;

 private:
  Scheduler& scheduler_;
  const std::string caller_;
  const Find find_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // watched by answers on their way
};

}  // namespace shardkeeper::sim
