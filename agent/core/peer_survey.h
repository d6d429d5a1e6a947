// Asks several peers for a fresh sample at once, and waits no longer than it has to.
#pragma once

#include "agent/core/alive.h"
#include "agent/decide/succession.h"
#include "common/rpc/peer_calls.h"
#include "common/time/scheduler.h"

#include <functional>
#include <memory>
#include <vector>

namespace shardkeeper::agent {

// The members of this pod's shard but itself. Where the list does not have this pod, nobody's shard can be compared: all others.
// At most 16, which is more than a shard can have.
std::vector<rpc::Peer> peers_of_shard(const std::vector<rpc::Peer>& peers, const PodName& self);

// One survey. THREAD the loop's. Destroying it drops what has not answered. REQUIRES scheduler and calls outlive it.
class PeerSurvey {
 public:
  using Enough = std::function<bool(const std::vector<PeerReport>&)>;
  using Done = std::function<void(std::vector<PeerReport>)>;

  // `done` comes once, later, with the reports so far: when all have answered or failed, when `enough` says so, or after `wait`.
  PeerSurvey(Scheduler& scheduler, rpc::PeerCalls& calls, const std::vector<rpc::Peer>& peers, Duration wait, Enough enough, Done done);

 private:
  void on_answer(const rpc::Peer& peer, Result<NodeState> state);
  void finish();

  Enough enough_;
  Done done_;
  std::vector<PeerReport> reports_;
  std::size_t missing_;
  std::unique_ptr<Timer> deadline_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
