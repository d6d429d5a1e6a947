// CLUSTER NODES and nodes.conf. Pure.
#pragma once

#include "common/error/result.h"
#include "common/node/topology.h"

#include <string_view>
#include <vector>

namespace shardkeeper::valkey::parse {

struct ClusterNodes {
  TopologyView view;                 // sorted by id, without handshake lines
  std::vector<OpenSlot> open_slots;  // of the myself line, in its order

  const NodeRow* myself() const;  // null where there is no such line
  bool operator==(const ClusterNodes&) const = default;
};

// Reads the reply of CLUSTER NODES of 8.0 to 9.1. Unknown flags are ignored; hostnames are skipped. An endpoint's ip is empty where
// the node does not know it: its own before the first MEET, or a lost one (flag noaddr, port 0).
// ERRORS kInvalid, naming the line: too few fields, bad id, address, number or slot, neither master nor slave, slots not ascending (the
// server prints them so), two myself lines, a duplicate id, more than 2,000 lines, > 8 MiB.
Result<ClusterNodes> parse_cluster_nodes(std::string_view text);

// The same for a nodes.conf file: its extra address fields and its `vars` line are skipped. An empty file has no rows.
Result<ClusterNodes> parse_nodes_conf(std::string_view text);

}  // namespace shardkeeper::valkey::parse
