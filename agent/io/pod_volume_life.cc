#include "agent/io/pod_volume_life.h"

#include "agent/io/volume_files.h"
#include "agent/io/volume_json.h"
#include "agent/io/volume_layout.h"
#include "common/valkey/parse/cluster_nodes.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace shardkeeper::agent {
namespace {

constexpr std::size_t kLifeBytesMax = 1024 * 1024;
constexpr std::size_t kNodesConfBytesMax = 8 * 1024 * 1024;

boost::json::object replica_json(const OnlineReplica& replica) {
  return {{"ip", replica.endpoint.ip},
          {"port", replica.endpoint.port},
          {"bus_port", replica.endpoint.bus_port},
          {"offset_bytes", replica.offset_bytes}};
}

boost::json::object replication_json(const Replication& replication) {
  boost::json::array online;
  for (const auto& replica : replication.online_replicas) online.push_back(replica_json(replica));
  return {{"replication_id", replication.replication_id},
          {"offset_bytes", replication.offset_bytes},
          {"link_up", replication.link_up},
          {"link_down_for_ms", replication.link_down_for.count()},
          {"sync_in_progress", replication.sync_in_progress},
          {"has_synced", replication.has_synced},
          {"online_replicas", online}};
}

Result<OnlineReplica> read_replica(const boost::json::value& value) {
  if (!value.is_object()) return invalid("online_replicas", "must be a list of objects");
  JsonObject json("online_replicas", value.get_object());
  OnlineReplica replica;
  replica.endpoint = json.endpoint();
  replica.offset_bytes = json.number("offset_bytes");
  if (json.error()) return *json.error();
  return replica;
}

Result<Replication> read_replication(JsonObject json) {
  Replication replication;
  replication.replication_id = json.text("replication_id");
  replication.offset_bytes = json.number("offset_bytes");
  replication.link_up = json.flag("link_up");
  replication.link_down_for = std::chrono::milliseconds(json.number("link_down_for_ms", INT64_MAX));
  replication.sync_in_progress = json.flag("sync_in_progress");
  replication.has_synced = json.flag("has_synced");
  for (const auto& value : json.array("online_replicas")) {
    auto replica = read_replica(value);
    if (!replica) return replica.error();
    replication.online_replicas.push_back(*std::move(replica));
  }
  if (json.error()) return *json.error();
  return replication;
}

// What nodes.conf itself tells of the node that wrote it.
std::optional<LastLife> read_nodes_conf(const std::filesystem::path& path) {
  const auto text = read_small_file(path, kNodesConfBytesMax);
  if (!text) return std::nullopt;
  const auto nodes = valkey::parse::parse_nodes_conf(*text);
  if (!nodes || nodes->myself() == nullptr) return std::nullopt;
  const NodeRow& myself = *nodes->myself();
  return LastLife{myself.id, myself.role, myself.slots, {}};
}

std::optional<LastLife> read_life(const std::filesystem::path& volume) {
  const auto text = read_small_file(volume / layout::kLife, kLifeBytesMax);
  if (!text) return std::nullopt;
  const auto life = parse_life(*text);
  return life ? std::optional(*life) : std::nullopt;
}

}  // namespace

std::string life_text(const LastLife& life) {
  return boost::json::serialize(boost::json::object{{"node_id", life.node_id.str()},
                                                    {"role", life.role == Role::kPrimary ? "primary" : "replica"},
                                                    {"slots", to_string(life.slots)},
                                                    {"replication", replication_json(life.replication)}}) +
         "\n";
}

Result<LastLife> parse_life(std::string_view text) {
  auto json = JsonObject::parse(layout::kLife, text);
  if (!json) return json.error();
  auto id = NodeId::parse(json->text("node_id"));
  if (!id) return id.error();
  auto slots = SlotSet::parse(json->text("slots"));
  if (!slots) return slots.error();
  auto replication = read_replication(json->object("replication"));
  if (!replication) return replication.error();
  const std::string role = json->text("role");
  if (role != "primary" && role != "replica") json->fail("role", "must be primary or replica");
  if (json->error()) return *json->error();
  return LastLife{*std::move(id), role == "primary" ? Role::kPrimary : Role::kReplica, *std::move(slots), *std::move(replication)};
}

std::optional<LastLife> read_last_life(const std::filesystem::path& volume) {
  auto life = read_life(volume);
  auto written_by_server = read_nodes_conf(volume / layout::kNodesConf);
  if (!written_by_server) written_by_server = read_nodes_conf(volume / layout::kLastNodesConf);
  if (!written_by_server || (life && life->node_id == written_by_server->node_id)) return life;
  return written_by_server;
}

}  // namespace shardkeeper::agent
