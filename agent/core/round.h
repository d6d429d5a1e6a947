// What one round of questions to the server brought. Parsing is pure.
#pragma once

#include "agent/decide/pace.h"
#include "common/valkey/parse/cluster_nodes.h"
#include "common/valkey/parse/info.h"
#include "common/valkey/reply.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardkeeper::agent {

// From CLUSTER INFO. A change of any member may mean a change of CLUSTER NODES.
struct ClusterSummary {
  bool state_ok = false;
  Epoch current_epoch;
  Epoch my_epoch;
  std::uint64_t known_nodes = 0;
  std::uint64_t slot_owners = 0;  // cluster_size: primaries with slots
  std::uint64_t slots_assigned = 0;
  std::uint64_t slots_ok = 0;
  std::uint64_t slots_suspected = 0;  // pfail
  std::uint64_t slots_failed = 0;

  bool operator==(const ClusterSummary&) const = default;
};

// Of FUNCTION libraries.
struct FunctionNumbers {
  std::uint64_t libraries = 0;
  std::uint64_t functions = 0;
  std::uint64_t bytes = 0;

  bool operator==(const FunctionNumbers&) const = default;
};

// Counters and gauges for people; from INFO. Names as there.
struct ServerNumbers {
  std::uint64_t uptime_seconds = 0;
  std::uint64_t connected_clients = 0;
  std::uint64_t blocked_clients = 0;
  std::uint64_t max_clients = 0;
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t memory_resident_bytes = 0;
  std::uint64_t memory_max_bytes = 0;
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t commands_processed = 0;
  std::uint64_t error_replies = 0;
  std::uint64_t net_input_bytes = 0;
  std::uint64_t net_output_bytes = 0;
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t evicted_keys = 0;
  std::uint64_t full_syncs = 0;
  std::uint64_t partial_syncs_accepted = 0;
  std::uint64_t partial_syncs_refused = 0;
  std::uint64_t keys = 0;
  std::uint64_t keys_expiring = 0;
  std::uint64_t bus_messages_sent = 0;
  std::uint64_t bus_messages_received = 0;
  FunctionNumbers functions;
  double cpu_system_seconds = 0;
  double cpu_user_seconds = 0;
};

// Only in a full round.
struct RoundDetail {
  std::string run_id;  // random, one per server process
  std::optional<ServerVersion> version;
  ServerNumbers numbers;
  valkey::parse::ClusterNodes nodes;
  std::chrono::milliseconds node_timeout{0};
  int min_replicas_to_write = 0;
};

struct Round {
  bool is_loading = false;
  valkey::parse::ReplicationInfo replication;
  ClusterSummary cluster;
  std::optional<RoundDetail> detail;
};

// The questions of one round, sent as one pipeline.
std::vector<std::vector<std::string>> questions(Depth depth);

// REQUIRES as many replies as questions(depth) has. ERRORS kInvalid: a reply that cannot be understood; kRefused: an error reply.
Result<Round> read_round(Depth depth, std::span<const valkey::Reply> replies);

}  // namespace shardkeeper::agent
