// The few moves that every command is made of: ask the server, look at its table, send a pipeline.
#pragma once

#include "agent/core/alive.h"
#include "common/node/settings.h"
#include "common/rpc/agent_api.h"
#include "common/valkey/parse/cluster_nodes.h"
#include "common/valkey/server_port.h"

#include <functional>
#include <string>
#include <vector>

namespace shardkeeper::agent {

using Arguments = std::vector<std::string>;
using Done = rpc::AgentLink::Done;

// Of `wanted`, those that the server has otherwise, or not at all, by its reply to CONFIG GET (name, value, name, value …).
ServerSettingMap differing_settings(const valkey::Reply& reply, const ServerSettingMap& wanted);

// THREAD the loop's thread. Nothing is called after destruction. REQUIRES server outlives it.
class ServerSteps {
 public:
  explicit ServerSteps(valkey::ServerPort& server) : server_(server) {}

  // `then` gets the reply; an error of the port or of the server ends the command through `done` instead. The server's own
  // words become kRefused; -LOADING and the like, which pass by themselves, kUnavailable.
  void ask(Arguments arguments, Done done, std::function<void(valkey::Reply)> then);

  // CLUSTER NODES as it is now. REQUIRES nothing: a table without a myself line ends the command with kInvalid.
  void look(const Done& done, std::function<void(valkey::parse::ClusterNodes)> then);

  // All in one pipeline. RETURNS through `done` {already_so = false} when every reply is fine, else the first error. An error
  // reply that starts with `harmless` counts as fine.
  void send_all(std::vector<Arguments> calls, std::string harmless, Done done);

 private:
  valkey::ServerPort& server_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
