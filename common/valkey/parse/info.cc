#include "common/valkey/parse/info.h"

#include "common/valkey/parse/quote.h"
#include "common/valkey/parse/split.h"

#include <algorithm>

namespace shardkeeper::valkey::parse {
namespace {

constexpr std::size_t kInfoBytesMax = 1U << 20U;
constexpr int kInfoLinesMax = 2'000;
constexpr int kReplicasMax = 1'000;
constexpr std::size_t kHostBytesMax = 255;  // replica-announce-ip may be a name
constexpr std::size_t kReplicationIdBytes = 40;

Error bad_info(std::string reason) { return invalid("INFO", std::move(reason)); }

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// What a slaveN line says of one replica; none where it is not online yet.
// `ip=127.0.0.1,port=6380,state=online,offset=42,lag=0,type=replica`
Result<std::optional<OnlineReplica>> parse_replica(std::string_view name, std::string_view text) {
  OnlineReplica replica;
  std::string_view state;
  std::string_view type = "replica";
  std::optional<std::uint16_t> port;
  std::optional<std::uint64_t> offset;
  for (auto rest = text; !rest.empty();) {
    auto value = cut(rest, ',');
    const auto key = cut(value, '=');
    if (key == "ip") replica.endpoint.ip = value;
    if (key == "port") port = whole_number<std::uint16_t>(value);
    if (key == "state") state = value;
    if (key == "offset") offset = whole_number<std::uint64_t>(value);
    if (key == "type") type = value;
  }
  const auto& host = replica.endpoint.ip;
  if (host.empty() || host.size() > kHostBytesMax || !is_printable(host) || !port || state.empty() || !offset)
    return bad_info(std::string(name) + ": expected ip, port, state and offset, got " + quote(text));
  // A replica that syncs over two channels has a second connection for the snapshot; it is not a replica of its own.
  if (state != "online" || type == "rdb-channel") return std::nullopt;
  replica.endpoint.port = *port;
  replica.offset_bytes = *offset;
  return replica;
}

Result<void> read_primary(const Info& info, Replication& replication) {
  const auto offset = info.number("master_repl_offset");
  if (!offset) return bad_info("role:master without a master_repl_offset that is a number");
  replication.offset_bytes = *offset;
  // The server numbers them from 0 without gaps.
  for (int i = 0;; ++i) {
    const std::string name = "slave" + std::to_string(i);
    const auto text = info.get(name);
    if (!text) break;
    if (i >= kReplicasMax) return bad_info("more than 1000 replicas");
    const auto replica = parse_replica(name, *text);
    if (!replica) return replica.error();
    if (*replica) replication.online_replicas.push_back(**replica);
  }
  std::ranges::sort(replication.online_replicas, {}, &OnlineReplica::endpoint);
  return {};
}

Result<void> read_replica(const Info& info, Replication& replication) {
  const auto offset = info.number("slave_repl_offset");
  if (!offset) return bad_info("role:slave without a slave_repl_offset that is a number");
  replication.offset_bytes = *offset;
  replication.link_up = info.is("master_link_status", "up");
  replication.sync_in_progress = info.is("master_sync_in_progress", "1");
  // -1: the link was never up.
  const auto down_for_s = std::min<std::uint64_t>(info.number("master_link_down_since_seconds").value_or(0), 1'000'000'000);
  if (!replication.link_up) replication.link_down_for = std::chrono::seconds(down_for_s);
  return {};
}

}  // namespace

Result<Info> Info::parse(std::string_view text) {
  if (text.size() > kInfoBytesMax) return bad_info("longer than 1 MiB");
  Info info;
  for (int number = 1; !text.empty(); ++number) {
    if (number > kInfoLinesMax) return bad_info("more than 2000 lines");
    const auto line = cut_line(text);
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos)
      return bad_info("line " + std::to_string(number) + ": expected key:value, got " + quote(line));
    info.values_.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return info;
}

std::optional<std::string_view> Info::get(std::string_view key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::uint64_t> Info::number(std::string_view key) const {
  const auto value = get(key);
  return value ? whole_number<std::uint64_t>(*value) : std::nullopt;
}

bool Info::is(std::string_view key, std::string_view value) const { return get(key) == value; }

Result<ReplicationInfo> parse_replication(const Info& info) {
  ReplicationInfo result;
  const auto role = info.get("role");
  if (role != "master" && role != "slave") return bad_info("role is neither master nor slave, but " + quote(role.value_or("missing")));
  result.role = role == "master" ? Role::kPrimary : Role::kReplica;
  auto& replication = result.replication;
  const auto read = result.role == Role::kPrimary ? read_primary(info, replication) : read_replica(info, replication);
  if (!read) return read.error();
  replication.replication_id = info.get("master_replid").value_or("");
  if (replication.replication_id.size() != kReplicationIdBytes || !is_printable(replication.replication_id))
    return bad_info("master_replid is not 40 digits, but " + quote(replication.replication_id));
  result.loading_async = info.is("async_loading", "1");
  return result;
}

}  // namespace shardkeeper::valkey::parse
