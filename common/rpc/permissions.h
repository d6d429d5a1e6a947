// Who may call what. Pure; the server asks before a call reaches the agent.
#pragma once

#include "common/error/result.h"
#include "common/node/command.h"
#include "common/rpc/agent_handler.h"
#include "common/types/names.h"

#include <string>
#include <vector>

namespace shardkeeper::rpc {

// What TLS found in a certificate that the cluster's CA signed.
struct CertificateNames {
  std::string common_name;
  std::vector<std::string> dns_names;
};

// ERRORS kRefused: neither the coordinator nor an agent of this cluster.
Result<Caller> identify(const CertificateNames& names, const ClusterName& cluster);

// The coordinator may command everything; a peer only take a ticket, fail over under one, set slots, or restore functions. ERRORS kRefused.
Result<void> may_execute(const Caller& caller, const command::Command& command);

// ERRORS kRefused unless it is the coordinator.
Result<void> may_watch(const Caller& caller);

}  // namespace shardkeeper::rpc
