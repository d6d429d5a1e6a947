// Commands and their answers, to and from the wire.
#pragma once

#include "common/error/result.h"
#include "common/node/command.h"

#include "shardkeeper/agent/v1/agent.pb.h"

namespace shardkeeper::rpc::convert {

// Sets the request's `command`; its token is the caller's.
void to_proto(const command::Command& command, agent::v1::ExecuteRequest& out);
// ERRORS kInvalid: names the command, the field and what is wrong with it; also a command that this version does not know.
Result<command::Command> from_proto(const agent::v1::ExecuteRequest& request);

void to_proto(const command::Outcome& outcome, agent::v1::ExecuteResponse& out);
Result<command::Outcome> from_proto(const agent::v1::ExecuteResponse& response);

}  // namespace shardkeeper::rpc::convert
