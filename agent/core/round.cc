#include "agent/core/round.h"

#include "common/error/check.h"

#include <charconv>
#include <string_view>

namespace shardkeeper::agent {
namespace {

using valkey::Reply;
using valkey::parse::Info;

constexpr int kDatabasesMax = 64;  // more than one exists only from 9.0 on, with cluster-databases set

double decimal(const Info& info, std::string_view key) {
  double value = 0;
  if (const auto text = info.get(key)) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// "keys=12,expires=3,avg_ttl=0" → 12 for field "keys=".
std::uint64_t keyspace_field(std::string_view line, std::string_view field) {
  const auto at = line.find(field);
  std::uint64_t value = 0;
  if (at != std::string_view::npos) std::from_chars(line.data() + at + field.size(), line.data() + line.size(), value);
  return value;
}

void read_keyspace(const Info& info, ServerNumbers& numbers) {
  for (int database = 0; database < kDatabasesMax; ++database) {
    const auto line = info.get("db" + std::to_string(database));
    if (!line) continue;
    numbers.keys += keyspace_field(*line, "keys=");
    numbers.keys_expiring += keyspace_field(*line, "expires=");
  }
}

ServerNumbers read_numbers(const Info& info, const Info& cluster) {
  const auto number = [&](std::string_view key) { return info.number(key).value_or(0); };
  ServerNumbers numbers;
  numbers.uptime_seconds = number("uptime_in_seconds");
  numbers.connected_clients = number("connected_clients");
  numbers.blocked_clients = number("blocked_clients");
  numbers.max_clients = number("maxclients");
  numbers.memory_used_bytes = number("used_memory");
  numbers.memory_resident_bytes = number("used_memory_rss");
  numbers.memory_max_bytes = number("maxmemory");
  numbers.connections_received = number("total_connections_received");
  numbers.connections_rejected = number("rejected_connections");
  numbers.commands_processed = number("total_commands_processed");
  numbers.error_replies = number("total_error_replies");
  numbers.net_input_bytes = number("total_net_input_bytes");
  numbers.net_output_bytes = number("total_net_output_bytes");
  numbers.keyspace_hits = number("keyspace_hits");
  numbers.keyspace_misses = number("keyspace_misses");
  numbers.expired_keys = number("expired_keys");
  numbers.evicted_keys = number("evicted_keys");
  numbers.full_syncs = number("sync_full");
  numbers.partial_syncs_accepted = number("sync_partial_ok");
  numbers.partial_syncs_refused = number("sync_partial_err");
  numbers.bus_messages_sent = cluster.number("cluster_stats_messages_sent").value_or(0);
  numbers.bus_messages_received = cluster.number("cluster_stats_messages_received").value_or(0);
  numbers.functions = {number("number_of_libraries"), number("number_of_functions"), number("used_memory_functions")};
  numbers.cpu_system_seconds = decimal(info, "used_cpu_sys");
  numbers.cpu_user_seconds = decimal(info, "used_cpu_user");
  read_keyspace(info, numbers);
  return numbers;
}

Result<ClusterSummary> read_summary(const Info& cluster) {
  if (!cluster.get("cluster_state")) return invalid("CLUSTER INFO", "no cluster_state in the reply");
  const auto number = [&](std::string_view key) { return cluster.number(key).value_or(0); };
  ClusterSummary summary;
  summary.state_ok = cluster.is("cluster_state", "ok");
  summary.current_epoch = {number("cluster_current_epoch")};
  summary.my_epoch = {number("cluster_my_epoch")};
  summary.known_nodes = number("cluster_known_nodes");
  summary.slot_owners = number("cluster_size");
  summary.slots_assigned = number("cluster_slots_assigned");
  summary.slots_ok = number("cluster_slots_ok");
  summary.slots_suspected = number("cluster_slots_pfail");
  summary.slots_failed = number("cluster_slots_fail");
  return summary;
}

// CONFIG GET's reply: name, value, name, value …
Result<std::uint64_t> setting(const Reply& reply, std::string_view name) {
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    if (reply.items[i].text != name) continue;
    const std::string& text = reply.items[i + 1].text;
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return value;
  }
  return invalid("CONFIG GET", "no number for " + std::string(name) + " in the reply");
}

Result<RoundDetail> read_detail(const Info& info, const Info& cluster, const Reply& nodes, const Reply& settings) {
  RoundDetail detail;
  detail.run_id = std::string(info.get("run_id").value_or(""));
  // Valkey says redis_version:7.2.4 for old clients' sake and its own version beside it.
  if (const auto text = info.get("valkey_version")) {
    auto version = ServerVersion::parse(*text);
    if (!version) return version.error();
    detail.version = *version;
  }
  detail.numbers = read_numbers(info, cluster);
  auto parsed = valkey::parse::parse_cluster_nodes(nodes.text);
  if (!parsed) return parsed.error();
  if (parsed->myself() == nullptr) return invalid("CLUSTER NODES", "no line is flagged myself");
  detail.nodes = std::move(*parsed);
  const auto node_timeout = setting(settings, "cluster-node-timeout");
  if (!node_timeout) return node_timeout.error();
  detail.node_timeout = std::chrono::milliseconds(*node_timeout);
  const auto min_replicas = setting(settings, "min-replicas-to-write");
  if (!min_replicas) return min_replicas.error();
  detail.min_replicas_to_write = static_cast<int>(*min_replicas);
  return detail;
}

}  // namespace

std::vector<std::vector<std::string>> questions(Depth depth) {
  if (depth == Depth::kLight) return {{"INFO", "persistence", "replication"}, {"CLUSTER", "INFO"}};
  return {{"INFO", "server", "clients", "memory", "persistence", "stats", "replication", "cpu", "keyspace"},
          {"CLUSTER", "INFO"},
          {"CLUSTER", "NODES"},
          {"CONFIG", "GET", "cluster-node-timeout", "min-replicas-to-write"}};
}

Result<Round> read_round(Depth depth, std::span<const Reply> replies) {
  const auto asked = questions(depth);
  SK_CHECK(asked.size() == replies.size(), "one reply a question");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i].is_error()) continue;
    return refused(asked[i][0] + " " + asked[i][1], replies[i].text.substr(0, 200));
  }
  const auto info = Info::parse(replies[0].text);
  if (!info) return info.error();
  const auto cluster_info = Info::parse(replies[1].text);
  if (!cluster_info) return cluster_info.error();

  Round round;
  round.is_loading = info->number("loading").value_or(0) != 0;
  auto replication = valkey::parse::parse_replication(*info);
  if (!replication) return replication.error();
  round.replication = std::move(*replication);
  const auto summary = read_summary(*cluster_info);
  if (!summary) return summary.error();
  round.cluster = *summary;
  if (depth == Depth::kFull) {
    auto detail = read_detail(*info, *cluster_info, replies[2], replies[3]);
    if (!detail) return detail.error();
    round.detail = std::move(*detail);
  }
  return round;
}

}  // namespace shardkeeper::agent
