#include "agent/io/pod_volume_settings.h"

#include "agent/io/volume_files.h"
#include "agent/io/volume_json.h"
#include "agent/io/volume_layout.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace shardkeeper::agent {
namespace {

boost::json::object login_json(const Login& login) { return {{"user", login.user}, {"password", login.password}}; }

Login read_login(JsonObject json) { return {json.text("user"), json.text("password")}; }

std::map<std::string, std::string> read_config(JsonObject& settings) {
  std::map<std::string, std::string> config;
  JsonObject json = settings.object("config");
  for (const auto& member : json.members()) config.emplace(std::string(member.key()), json.text(member.key()));
  if (json.error()) settings.fail("config", json.error()->detail);
  return config;
}

Endpoint read_endpoint(JsonObject& settings) {
  JsonObject json = settings.object("announce");
  Endpoint endpoint = json.endpoint();
  if (json.error()) settings.fail("announce", json.error()->detail);
  return endpoint;
}

template <typename Value>
Result<Value> read_from(const std::filesystem::path& path, Result<Value> (*parse)(std::string_view)) {
  const auto text = read_small_file(path, kSettingsBytesMax);
  if (!text && text.error().kind == ErrorKind::kNotFound)
    return invalid(path.string(), "is missing; run `shardkeeper-agent prepare` on this volume first");
  if (!text) return text.error();
  auto value = parse(*text);
  if (!value) return invalid(path.string(), to_string(value.error()));
  return value;
}

}  // namespace

std::string settings_text(const ServerSettings& settings) {
  boost::json::object config;
  for (const auto& [name, value] : settings.config) config[name] = value;
  const boost::json::object announce{
      {"ip", settings.announce.ip}, {"port", settings.announce.port}, {"bus_port", settings.announce.bus_port}};
  return boost::json::serialize(boost::json::object{{"pod", settings.pod.value},
                                                    {"zone", settings.zone},
                                                    {"cluster_uid", settings.cluster_uid},
                                                    {"announce", announce},
                                                    {"maxmemory_bytes", settings.maxmemory_bytes},
                                                    {"replication", login_json(settings.replication)},
                                                    {"users_file", settings.users_file},
                                                    {"tls_folder", settings.tls_folder},
                                                    {"tls_clients", settings.tls_clients},
                                                    {"node_timeout_ms", settings.node_timeout.count()},
                                                    {"min_replicas_to_write", settings.min_replicas_to_write},
                                                    {"config", config}}) +
         "\n";
}

Result<ServerSettings> parse_settings(std::string_view text) {
  auto json = JsonObject::parse(layout::kSettings, text);
  if (!json) return json.error();
  ServerSettings settings;
  settings.pod = PodName(json->text("pod"));
  settings.zone = json->text("zone");
  settings.cluster_uid = json->text("cluster_uid");
  settings.announce = read_endpoint(*json);
  settings.maxmemory_bytes = json->number("maxmemory_bytes");
  settings.replication = read_login(json->object("replication"));
  settings.users_file = json->text("users_file");
  settings.tls_folder = json->text("tls_folder");
  if (auto clients = json->text("tls_clients"); !clients.empty()) settings.tls_clients = std::move(clients);
  settings.node_timeout = std::chrono::milliseconds(json->number("node_timeout_ms", 86'400'000, 5000));
  settings.min_replicas_to_write = static_cast<int>(json->number("min_replicas_to_write", 255));
  settings.config = read_config(*json);
  if (json->error()) return *json->error();
  return settings;
}

std::string secrets_text(const Login& agent) { return boost::json::serialize(boost::json::object{{"agent", login_json(agent)}}) + "\n"; }

Result<Login> parse_secrets(std::string_view text) {
  auto json = JsonObject::parse(layout::kSecrets, text);
  if (!json) return json.error();
  Login agent = read_login(json->object("agent"));
  if (agent.user.empty() || agent.password.empty()) return invalid(layout::kSecrets, "has no user or no password for the agent");
  return agent;
}

Result<ServerSettings> read_settings(const std::filesystem::path& volume) {
  return read_from<ServerSettings>(volume / layout::kSettings, parse_settings);
}

Result<Login> read_agent_login(const std::filesystem::path& volume) { return read_from<Login>(volume / layout::kSecrets, parse_secrets); }

}  // namespace shardkeeper::agent
