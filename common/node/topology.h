// One node's view of the cluster: what CLUSTER NODES says there. Values only.
#pragma once

#include "common/types/endpoint.h"
#include "common/types/epoch.h"
#include "common/types/node_id.h"
#include "common/types/slot_set.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace shardkeeper {

enum class Role { kPrimary, kReplica };

// One line of CLUSTER NODES. Handshake lines (random ids) are never kept.
struct NodeRow {
  NodeId id;
  Endpoint endpoint;  // port 0: address unknown (flag noaddr)
  Role role = Role::kPrimary;
  std::optional<NodeId> primary_id;  // of a replica, where known
  bool is_myself = false;
  bool is_suspected = false;  // fail? (PFAIL): this node alone thinks so
  bool is_failed = false;     // fail: a majority of slot-owning primaries agreed
  bool has_no_address = false;
  bool link_connected = false;  // this node's outbound bus link
  Epoch config_epoch;           // a replica shows its primary's
  SlotSet slots;

  bool operator==(const NodeRow&) const = default;
};

// Sorted by id.
struct TopologyView {
  std::vector<NodeRow> rows;

  const NodeRow* find(const NodeId& id) const;
  bool operator==(const TopologyView&) const = default;
};

// Equal hashes mean that two nodes agree. Covers every row's id, address, role, primary, failure flags, epoch and slots; leaves
// out what is each node's own business (myself, link state). Never 0.
std::uint64_t agreement_hash(const TopologyView& view);

// A slot half moved by SETSLOT, from the myself line.
struct OpenSlot {
  int slot = 0;
  enum class Direction { kMigrating, kImporting } direction = Direction::kMigrating;
  NodeId peer;

  bool operator==(const OpenSlot&) const = default;
};

}  // namespace shardkeeper
