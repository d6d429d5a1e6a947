// What an agent reports, to and from the wire.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"

#include "shardkeeper/agent/v1/types.pb.h"

namespace shardkeeper::rpc::convert {

void to_proto(const NodeState& state, agent::v1::NodeState& out);
// ERRORS kInvalid: names the field and what is wrong with it.
Result<NodeState> from_proto(const agent::v1::NodeState& state);

}  // namespace shardkeeper::rpc::convert
