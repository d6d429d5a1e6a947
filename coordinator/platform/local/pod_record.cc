#include "coordinator/platform/local/pod_record.h"

#include "coordinator/model/memory.h"
#include "coordinator/platform/local/json_fields.h"

#include <limits>

namespace shardkeeper::platform::local {
namespace {

namespace json = boost::json;

constexpr int kFormat = 1;
constexpr std::int64_t kIntMax = std::numeric_limits<int>::max();
constexpr std::int64_t kGraceSecondsMax = 24 * 3600;

json::object to_object(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}

json::object to_object(const ContainerRecord& container) {
  json::object object{{"id", container.id}, {"restarts", container.restarts}};
  if (container.terminated_id) object["terminatedId"] = *container.terminated_id;
  if (container.process)
    object["process"] =
        json::object{{"pid", container.process->pid}, {"startTicks", container.process->start_ticks}, {"boot", container.process->boot}};
  return object;
}

json::object to_object(const ServerRecord& server) {
  json::object object{{"nodeTimeoutMs", server.node_timeout.count()},
                      {"minReplicasToWrite", server.min_replicas_to_write},
                      {"config", to_object(server.config)}};
  if (server.maxmemory_bytes) object["maxmemoryBytes"] = *server.maxmemory_bytes;
  return object;
}

ContainerRecord read_container(Fields& fields) {
  ContainerRecord container;
  container.id = fields.text("id");
  container.terminated_id = fields.optional_text("terminatedId");
  container.restarts = static_cast<int>(fields.number("restarts", 0, kIntMax));
  fields.optional_object("process", [&](Fields& process) {
    container.process = ProcessId{};
    container.process->pid = static_cast<pid_t>(process.number("pid", 2, kIntMax));  // never 1, never a group
    container.process->start_ticks = static_cast<std::uint64_t>(process.number("startTicks", 0, std::numeric_limits<std::int64_t>::max()));
    container.process->boot = process.text("boot");
  });
  return container;
}

ServerRecord read_server(Fields& fields) {
  ServerRecord server;
  server.node_timeout = std::chrono::milliseconds(fields.number("nodeTimeoutMs", 1, kIntMax));
  server.min_replicas_to_write = static_cast<int>(fields.number("minReplicasToWrite", 0, kIntMax));
  server.maxmemory_bytes = fields.optional_count("maxmemoryBytes");
  server.config = fields.texts("config");
  return server;
}

}  // namespace

ServerRecord server_record_of(const model::ClusterSpec& spec) {
  return {spec.node_timeout, spec.min_replicas_to_write, model::maxmemory_bytes(spec), spec.config};
}

std::string to_json(const PodRecord& record) {
  json::object conditions;
  for (const auto& [type, holds] : record.conditions) conditions[type] = holds;
  json::object object{{"format", kFormat},
                      {"name", record.name.value},
                      {"uid", record.uid.value},
                      {"cluster", record.cluster.value},
                      {"worker", record.worker.value},
                      {"zone", record.zone},
                      {"ip", record.ip},
                      {"image", record.image},
                      {"labels", to_object(record.labels)},
                      {"conditions", std::move(conditions)},
                      {"server", to_object(record.server)},
                      {"prepared", record.is_prepared},
                      {"forgotten", record.is_forgotten},
                      {"prepare", to_object(record.prepare)},
                      {"agent", to_object(record.agent)},
                      {"valkey", to_object(record.valkey)}};
  if (record.deletion_grace) object["deletionGraceSeconds"] = record.deletion_grace->count();
  return json::serialize(object) + "\n";
}

Result<PodRecord> parse_pod_record(const std::string& where, std::string_view text) {
  const auto object = parse_object(where, text);
  if (!object) return object.error();
  Fields fields(where, *object);
  PodRecord record;
  fields.number("format", kFormat, kFormat);
  record.name = PodName(fields.text("name"));
  record.uid = PodUid(fields.text("uid"));
  record.cluster = ClusterName(fields.text("cluster"));
  record.worker = WorkerName(fields.text("worker"));
  record.zone = fields.text("zone");
  record.ip = fields.text("ip");
  record.image = fields.text("image");
  record.labels = fields.texts("labels");
  record.conditions = fields.flags("conditions");
  fields.optional_object("server", [&](Fields& server) { record.server = read_server(server); });
  record.is_prepared = fields.flag("prepared");
  record.is_forgotten = fields.flag("forgotten");
  if (object->contains("deletionGraceSeconds"))
    record.deletion_grace = std::chrono::seconds(fields.number("deletionGraceSeconds", 0, kGraceSecondsMax));
  fields.optional_object("prepare", [&](Fields& container) { record.prepare = read_container(container); });
  fields.optional_object("agent", [&](Fields& container) { record.agent = read_container(container); });
  fields.optional_object("valkey", [&](Fields& container) { record.valkey = read_container(container); });
  if (const auto sound = fields.result(); !sound) return sound.error();
  return record;
}

}  // namespace shardkeeper::platform::local
