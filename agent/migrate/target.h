// The target's agent as a job needs it: steps on the target's server, and what that server owns.
#pragma once

#include "agent/core/alive.h"
#include "common/node/migration.h"
#include "common/rpc/peer_calls.h"
#include "common/time/scheduler.h"

#include <functional>
#include <memory>

namespace shardkeeper::agent {

// THREAD the loop's. Nothing is called after destruction. REQUIRES scheduler and calls outlive it. One call at a time.
class Target {
 public:
  Target(const MigrationJob& job, Scheduler& scheduler, rpc::PeerCalls& calls)
      : peer_{job.target_pod, ShardId{}, job.target_agent}, node_(job.target_node), scheduler_(scheduler), calls_(calls) {}

  // Silence is retried (the step is idempotent), three times. ERRORS of the last try.
  void set_slots(const command::SetSlots& step, std::function<void(Result<void>)> done);

  // A fresh sample; retried alike. ERRORS also kConflict when the server behind that agent is another node by now, or no primary.
  void sample(std::function<void(Result<NodeState>)> done);

 private:
  void set_slots_again(const command::SetSlots& step, int tries_left, std::function<void(Result<void>)> done);
  void sample_again(int tries_left, std::function<void(Result<NodeState>)> done);
  Result<NodeState> check(NodeState state) const;

  const rpc::Peer peer_;
  const NodeId node_;
  Scheduler& scheduler_;
  rpc::PeerCalls& calls_;
  std::unique_ptr<Timer> later_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
