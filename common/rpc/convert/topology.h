// A node's view of the cluster, to and from the wire.
#pragma once

#include "common/error/result.h"
#include "common/node/topology.h"

#include "shardkeeper/agent/v1/types.pb.h"

namespace shardkeeper::rpc::convert {

void to_proto(const TopologyView& view, agent::v1::TopologyView& out);
// ERRORS kInvalid: a bad row, more than 2,000 of them, 16,384 slot ranges in all, or rows not sorted by id.
Result<TopologyView> from_proto(const agent::v1::TopologyView& view);

void to_proto(const OpenSlot& open, agent::v1::OpenSlot& out);
Result<OpenSlot> from_proto(const agent::v1::OpenSlot& open);

}  // namespace shardkeeper::rpc::convert
