// Who may command what. Pure.
#pragma once

#include "common/error/result.h"
#include "common/rpc/agent_handler.h"

namespace shardkeeper::agent {

// The coordinator may do everything; a peer may set slots, restore functions, take a ticket and ask for a failover under one, never for a takeover.
// `self` is this agent's pod: a ticket that names another replica is no right to promote this one. ERRORS kRefused, with the reason.
Result<void> check_access(const rpc::Caller& caller, const command::Command& command, const PodName& self);

// ERRORS kConflict: somebody with a higher token commands now.
Result<void> check_token(FenceToken token, FenceToken highest_seen);

}  // namespace shardkeeper::agent
