// What an agent does with calls, whatever carries them. Implemented by the agent's core; called by the gRPC server and the simulator.
#pragma once

#include "common/rpc/agent_api.h"

#include <cstdint>
#include <functional>
#include <string>

namespace shardkeeper::rpc {

// Who calls, from the certificate.
struct Caller {
  enum class Kind { kCoordinator, kPeer } kind = Kind::kPeer;
  std::string name;  // coordinator, or the peer's pod name
};

// THREAD the loop's thread; the transport posts there first.
class AgentHandler {
 public:
  virtual ~AgentHandler() = default;

  virtual void execute(const Caller& caller, FenceToken token, command::Command command, AgentLink::Done done) = 0;
  // A fresh sample of the server. ERRORS kUnavailable: it did not answer; what was known before is never told instead. A server that does
  // not run, has not answered yet or hangs is a state, no error.
  using Sampled = std::function<void(Result<NodeState>)>;
  virtual void sample(bool want_view, Sampled done) = 0;

  // A coordinator opened a stream. `push` sends a state, or a beat when it gets null; it may be called until watch_closed.
  using Push = std::function<void(const NodeState*)>;
  virtual void watch_opened(std::uint64_t stream, Push push) = 0;
  virtual void watch_message(std::uint64_t stream, const FromCoordinator& message) = 0;
  virtual void watch_closed(std::uint64_t stream) = 0;
};

}  // namespace shardkeeper::rpc
