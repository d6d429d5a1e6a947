// The coordinator's side of a Watch stream, to and from the wire.
#pragma once

#include "common/error/result.h"
#include "common/rpc/agent_api.h"

#include "shardkeeper/agent/v1/agent.pb.h"

namespace shardkeeper::rpc::convert {

// No peers: the agent keeps those that it knows.
void to_proto(const FromCoordinator& message, agent::v1::FromCoordinator& out);
// ERRORS kInvalid: names the field and what is wrong with it.
Result<FromCoordinator> from_proto(const agent::v1::FromCoordinator& message);

}  // namespace shardkeeper::rpc::convert
