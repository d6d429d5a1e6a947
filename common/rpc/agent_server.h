// The agent's gRPC service over mTLS: turns calls into AgentHandler calls on the loop.
#pragma once

#include "common/error/result.h"
#include "common/rpc/agent_handler.h"
#include "common/time/scheduler.h"
#include "common/tls/identity.h"
#include "common/types/names.h"

#include <memory>
#include <string>

namespace shardkeeper::rpc {

struct AgentServerOptions {
  std::string address;     // ip:port; port 0: a free one, see port()
  ClusterName cluster;     // callers must show a certificate for this cluster
  tls::Identity identity;  // the agent's own
};

// Bounds: messages of 4 MiB, 8 watch streams, 64 calls under way; more are answered RESOURCE_EXHAUSTED, but a
// stream whose coordinator was silent for a node timeout makes room for a new one. The caller is known
// by its certificate: the coordinator may call everything, a peer GetState and Execute with take-ticket or failover only.
// THREAD start, destructor and every call of `handler` on the loop's thread.
class AgentServer {
 public:
  // ERRORS kUnavailable: the address cannot be listened on (taken, not of this host); kInvalid: certificate or key.
  // REQUIRES `scheduler` and `handler` outlive the server.
  static Result<std::unique_ptr<AgentServer>> start(const AgentServerOptions& options, Scheduler& scheduler, AgentHandler& handler);

  // Ends streams and calls with UNAVAILABLE and waits for gRPC's threads (milliseconds). No call of `handler` comes after, not
  // even watch_closed; a `Push` or `Done` that is called later does nothing. Not to be destroyed from inside a handler's function.
  ~AgentServer();
  AgentServer(const AgentServer&) = delete;
  AgentServer& operator=(const AgentServer&) = delete;

  int port() const;
  // Ends all watch streams and tells the handler so: for a server that is replaced by another one of the same handler.
  void close_streams();

 private:
  class Impl;
  explicit AgentServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shardkeeper::rpc
