#include "tests/cluster/local_cluster.h"

#include "tests/support/cluster_client.h"
#include "tests/support/wait_until.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

namespace json = boost::json;

pid_t running_pid(const json::object& container) {
  const auto* process = container.if_contains("process");
  if (process == nullptr || !process->is_object()) return 0;
  const auto pid = static_cast<pid_t>(process->at("pid").to_number<int>());
  return std::filesystem::exists("/proc/" + std::to_string(pid)) ? pid : 0;
}

std::string key_name(int number) { return "load:" + std::to_string(number); }

SyncClient over_socket(const std::filesystem::path& volume, const Login& login) {
  auto client = SyncClient::connect_unix(volume / "valkey.sock", std::chrono::seconds(5), login);
  if (!client) throw std::runtime_error(to_string(client.error()));
  return std::move(*client);
}

}  // namespace

std::filesystem::path coordinator_program() { return SK_COORDINATOR; }

LocalCluster::LocalCluster(LocalClusterOptions options)
    : options_(std::move(options)), admin_(folder_ / "state/admin.sock", std::chrono::seconds(2)) {
  write_manifest(options_);
}

LocalCluster::~LocalCluster() {
  for (auto& coordinator : coordinators_) coordinator.kill();
}

void LocalCluster::write_manifest(const LocalClusterOptions& options) {
  options_ = options;
  std::ostringstream text;
  text << "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata:\n  name: test\nspec:\n  image: localhost/valkey:"
       << valkey_version(options.line) << "\n  shards: " << options.shards << "\n  replicasPerShard: " << options.replicas_per_shard << "\n"
       << options.more_spec;
  write_manifest_text(text.str());
}

void LocalCluster::write_manifest_text(const std::string& text) {
  const auto fresh = folder_ / "cluster.new";
  write_file(fresh, text);
  std::filesystem::rename(fresh, manifest());
}

void LocalCluster::remove_manifest() { std::filesystem::remove(manifest()); }

void LocalCluster::start_coordinator() {
  // Both, so that a later manifest may name the other one.
  std::vector<std::string> arguments{"--cluster", manifest().string(), "--state-dir",  (folder_ / "state").string(),
                                     "--workers", options_.workers,    "--log-format", "text"};
  for (const auto line : kValkeyLines)
    arguments.insert(arguments.end(), {"--server", valkey_version(line) + "=" + server_program(line).string()});
  coordinators_.emplace_back(ChildOptions{.program = SK_COORDINATOR,
                                          .arguments = arguments,
                                          .environment = options_.environment,
                                          .working_folder = {},
                                          .output = folder_ / "coordinator.log",
                                          .standard_output = {}});
}

// With DEBUG: a script that adds a user and the switch, and becomes the server, as the same process.
std::filesystem::path LocalCluster::server_program(ValkeyLine line) const {
  const std::string server = valkey_server(line).string();
  if (!options_.takes_debug) return server;
  const auto path = folder_ / ("server-" + to_string(line));
  std::ofstream(path) << "#!/bin/sh\n"
                         "[ \"$1\" = --version ] && exec '"
                      << server
                      << "' --version\n"
                         "echo 'user debug on nopass ~* &* +@all' >> \"$(dirname \"$1\")/users.acl\"\n"
                         "exec '"
                      << server << "' \"$@\" --enable-debug-command yes\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

void LocalCluster::kill_coordinator() { coordinators_.back().kill(); }
ExitStatus LocalCluster::stop_coordinator() { return coordinators_.back().terminate(std::chrono::seconds(30)); }

std::optional<admin::v1::ClusterStatus> LocalCluster::status() {
  const auto status = admin_.status("");
  if (!status || status->clusters_size() != 1) return std::nullopt;
  return status->clusters(0);
}

std::string LocalCluster::status_text() {
  std::string log = read_file(folder_ / "coordinator.log");
  if (log.size() > 6000) log = "…" + log.substr(log.size() - 6000);
  const auto now = status();
  return (now ? now->DebugString() : std::string("no status")) + "\ncoordinator's log:\n" + log;
}

std::vector<admin::v1::Event> LocalCluster::events() {
  const auto events = admin_.events("", 1000);
  if (!events) return {};
  return {events->events().begin(), events->events().end()};
}

bool LocalCluster::has_event(const std::string& reason) {
  return std::ranges::any_of(events(), [&](const admin::v1::Event& event) { return event.reason() == reason; });
}

bool LocalCluster::wait_for(const Condition& condition, std::chrono::milliseconds deadline) {
  return wait_until(
      [&] {
        const auto now = status();
        return now && condition(*now);
      },
      deadline, std::chrono::milliseconds(20));
}

bool LocalCluster::wait_ready(std::chrono::milliseconds deadline) {
  return wait_for(
      [&](const admin::v1::ClusterStatus& now) {
        return now.ready() && now.shards_size() == options_.shards &&
               std::ranges::all_of(now.shards(), [&](const admin::v1::ShardStatus& shard) {
                 return shard.pods_size() == 1 + options_.replicas_per_shard &&
                        std::ranges::all_of(shard.pods(), [](const auto& pod) { return pod.ready(); });
               });
      },
      deadline);
}

std::vector<PodProcesses> LocalCluster::pods() {
  std::vector<PodProcesses> result;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "state/pods", ignored)) {
    boost::system::error_code bad;
    const auto value = json::parse(read_file(entry.path() / "pod.json"), bad);
    if (bad || !value.is_object()) continue;  // being made or removed
    const auto& object = value.as_object();
    result.push_back({json::value_to<std::string>(object.at("name")), json::value_to<std::string>(object.at("ip")),
                      json::value_to<std::string>(object.at("worker")), running_pid(object.at("agent").as_object()),
                      running_pid(object.at("valkey").as_object()), entry.path() / "volume"});
  }
  std::ranges::sort(result, {}, &PodProcesses::name);
  return result;
}

PodProcesses LocalCluster::pod(const std::string& name) {
  for (auto& pod : pods())
    if (pod.name == name) return pod;
  throw std::runtime_error("no pod " + name);
}

std::vector<std::string> LocalCluster::members(int shard) {
  std::vector<std::string> names;
  const auto now = status();
  if (!now) throw std::runtime_error("no status");
  for (const auto& pod : now->shards(shard).pods()) names.push_back(pod.name());
  return names;
}

SyncClient LocalCluster::client(const std::string& name) {
  auto client = SyncClient::connect(pod(name).ip, 6379, std::chrono::seconds(5));
  if (!client) throw std::runtime_error(to_string(client.error()));
  return std::move(*client);
}

SyncClient LocalCluster::admin_client(const std::string& name) {
  const auto volume = pod(name).volume;
  const auto secrets = json::parse(read_file(volume / "secrets"));
  const auto& agent = secrets.at("agent").as_object();
  return over_socket(volume, {json::value_to<std::string>(agent.at("user")), json::value_to<std::string>(agent.at("password"))});
}

SyncClient LocalCluster::debug_client(const std::string& name) { return over_socket(pod(name).volume, {"debug", "any"}); }

void LocalCluster::load(int keys) {
  const auto now = status();
  if (!now) throw std::runtime_error("no status");
  for (const auto& shard : now->shards()) {
    auto connection = client(shard.pods(0).name());
    for (int i = 0; i < keys; ++i) {
      const auto reply = connection.call({"SET", key_name(i), "value " + std::to_string(i)});
      if (!reply) throw std::runtime_error(to_string(reply.error()));  // MOVED is a reply: another shard's key
    }
    const std::string replicas = std::to_string(shard.pods_size() - 1);
    const auto acknowledged = connection.call({"WAIT", replicas, "5000"});
    if (!acknowledged || std::to_string(acknowledged->integer) != replicas) throw std::runtime_error("replicas did not acknowledge");
  }
}

int LocalCluster::readable(int keys) {
  int found = 0;
  const auto now = status();
  if (!now) return -1;
  for (const auto& shard : now->shards()) {
    if (shard.pods_size() == 0 || shard.pods(0).role() != "primary") continue;
    auto connection = client(shard.pods(0).name());
    for (int i = 0; i < keys; ++i) {
      const auto reply = connection.call({"GET", key_name(i)});
      found += reply && reply->text == "value " + std::to_string(i) ? 1 : 0;
    }
  }
  return found;
}

}  // namespace shardkeeper::test
