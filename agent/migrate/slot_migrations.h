// CLUSTER GETSLOTMIGRATIONS (9.0 and newer): the server's own list of atomic slot migrations. Parsing is pure.
#pragma once

#include "common/types/node_id.h"
#include "common/types/slot_set.h"
#include "common/valkey/reply.h"

#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::agent {

struct SlotMigration {
  std::string name;  // 40 digits
  enum class Operation { kExport, kImport } operation = Operation::kExport;
  SlotSet slots;
  std::optional<NodeId> target;  // absent on replicas
  std::string state;             // snapshotting, replicating … success, failed, cancelled
  std::string message;           // of a failed one: the server's reason
  // Of an export: bytes that wait to be sent (9.1 and newer). Writes since the snapshot; the snapshot itself is not among them.
  std::optional<std::uint64_t> waiting_bytes;

  bool is_over() const { return state == "success" || state == "failed" || state == "cancelled"; }
  // The source's writes stand still, and the owner changes now.
  bool is_handing_over() const { return state == "failover-paused" || state == "failover-requested" || state == "failover-granted"; }
  bool has_sent_snapshot() const { return state == "replicating" || state == "waiting-to-pause" || is_handing_over(); }
  bool operator==(const SlotMigration&) const = default;
};

// In the server's order, newest first. Fields that are not known are skipped. ERRORS kInvalid: no list, or slots that cannot be read.
Result<std::vector<SlotMigration>> read_slot_migrations(const valkey::Reply& reply);

}  // namespace shardkeeper::agent
