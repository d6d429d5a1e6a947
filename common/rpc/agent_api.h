// The agent's API in domain terms: what the coordinator sees, whatever carries it (gRPC, or the simulator's in-process link).
#pragma once

#include "common/error/result.h"
#include "common/node/command.h"
#include "common/node/node_state.h"
#include "common/types/epoch.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::rpc {

// Where the agents of the same cluster are, for tickets without the coordinator.
struct Peer {
  PodName pod;
  ShardId shard;
  std::string agent_address;  // ip:port of its gRPC server

  bool operator==(const Peer&) const = default;
};

// How often the coordinator says something on a Watch, which the agent answers: min(5 s, 2/5 of the node timeout). Silent = nothing for one node timeout.
std::chrono::milliseconds beat_interval(std::chrono::milliseconds node_timeout);

// What the coordinator says on a Watch stream.
struct FromCoordinator {
  FenceToken token;
  std::uint64_t report_nonce = 0;  // non-zero: sample the server now and report with this nonce
  bool want_view = false;          // include the whole topology view in the next report
  std::chrono::milliseconds node_timeout{5000};
  std::vector<Peer> peers;  // sent when changed; empty: as before
};

// One watched agent. Callbacks and functions on the loop thread. Destroying it closes the stream; no callback comes after.
class AgentLink {
 public:
  virtual ~AgentLink() = default;

  // Samples the server now; the report that follows carries `nonce`. Lost silently when the stream is down: a new stream starts
  // with a full report, which carries the newest nonce asked for.
  virtual void report_now(std::uint64_t nonce) = 0;
  // The next report carries the whole view.
  virtual void ask_for_view() = 0;
  // Told to the agent at the next beat at the latest.
  virtual void set_peers(std::vector<Peer> peers) = 0;

  using Done = std::function<void(Result<command::Outcome>)>;
  // ERRORS kUnavailable (not connected), kUnknownOutcome (deadline passed), kConflict (token too low: somebody newer commands),
  // kRefused (with the agent's or the server's reason).
  virtual void execute(FenceToken token, const command::Command& command, std::chrono::milliseconds deadline, Done done) = 0;
};

// What a link tells its owner, on the loop thread.
struct AgentEvents {
  std::function<void(NodeState)> on_state;  // full state, whenever something changed
  std::function<void()> on_beat;            // stream is alive, nothing changed
  std::function<void(Error)> on_lost;       // stream ended; the link reconnects by itself with back-off
};

// Opens links. One production class (gRPC with mTLS) and one in the simulator.
class AgentDialer {
 public:
  virtual ~AgentDialer() = default;
  virtual std::unique_ptr<AgentLink> dial(const ClusterName& cluster, const PodName& pod, const std::string& address, FenceToken token,
                                          std::chrono::milliseconds node_timeout, AgentEvents events) = 0;
};

}  // namespace shardkeeper::rpc
