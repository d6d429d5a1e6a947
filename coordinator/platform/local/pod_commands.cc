#include "coordinator/platform/local/pod_commands.h"

#include "coordinator/platform/local/pod_processes.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace shardkeeper::platform::local {
namespace {

namespace fs = std::filesystem;

Command command_of(const fs::path& program, const fs::path& pod_folder, const char* container) {
  return {program, {}, {std::string(kFolderVariable) + "=" + pod_folder.string()}, pod_folder, log_of(pod_folder, container)};
}

}  // namespace

Result<std::string> tag_of(std::string_view image) {
  const auto slash = image.rfind('/');
  const auto name = slash == std::string_view::npos ? image : image.substr(slash + 1);
  const auto colon = name.find(':');
  if (colon == std::string_view::npos || colon + 1 == name.size() || name.find('@') != std::string_view::npos)
    return invalid("image '" + std::string(image.substr(0, 200)) + "'",
                   "has no tag; the local platform chooses the server by it, as in localhost/valkey:8.0.1");
  return std::string(name.substr(colon + 1));
}

Result<fs::path> find_server(const LocalOptions& options, const std::string& image) {
  const auto tag = tag_of(image);
  if (!tag) return tag.error();
  const auto server = options.servers.find(*tag);
  if (server == options.servers.end()) {
    std::string known;
    for (const auto& [other, path] : options.servers) known += (known.empty() ? "; there are " : ", ") + other;
    return invalid("image '" + image + "'", "no server is named for tag " + *tag + known + "; start the coordinator with --server " + *tag +
                                                "=/path/to/valkey-server");
  }
  if (const auto usable = check_program(server->second, "server of tag " + *tag); !usable) return usable.error();
  return server->second;
}

Result<void> check_program(const fs::path& program, const std::string& what) {
  if (::access(program.c_str(), F_OK) != 0) return not_found(program.string(), what + ": " + std::strerror(errno));
  std::error_code failed;
  if (!fs::is_regular_file(program, failed)) return refused(program.string(), what + ": not a file");
  if (::access(program.c_str(), X_OK) != 0) return refused(program.string(), what + ": cannot be executed: " + std::strerror(errno));
  return {};
}

Command prepare_command(const LocalOptions& options, const fs::path& pod_folder, const PodRecord& pod, const ClusterSecrets& cluster) {
  auto command = command_of(options.agent_binary, pod_folder, kPrepareContainer);
  auto& words = command.arguments;
  words = {"prepare",
           "--volume",
           volume_of(pod_folder).string(),
           "--launch",
           options.launch_binary.string(),
           "--pod",
           pod.name.value,
           "--ip",
           pod.ip,
           "--cluster-uid",
           cluster.uid,
           "--node-timeout-ms",
           std::to_string(pod.server.node_timeout.count()),
           "--min-replicas",
           std::to_string(pod.server.min_replicas_to_write)};
  if (!pod.zone.empty()) words.insert(words.end(), {"--zone", pod.zone});
  if (pod.server.maxmemory_bytes) words.insert(words.end(), {"--maxmemory", std::to_string(*pod.server.maxmemory_bytes)});
  for (const auto& [name, value] : pod.server.config) words.insert(words.end(), {"--set", name + "=" + value});
  // Not among the words, which every user of the machine can read.
  command.environment.push_back("SHARDKEEPER_REPLICATION_PASSWORD=" + cluster.replication_password);
  return command;
}

Command agent_command(const LocalOptions& options, const fs::path& pod_folder, const PodRecord& pod) {
  auto command = command_of(options.agent_binary, pod_folder, kAgentContainer);
  command.arguments = {"run", "--volume", volume_of(pod_folder).string(), "--pod", pod.name.value, "--cluster", pod.cluster.value};
  return command;
}

Command server_command(const fs::path& pod_folder, const fs::path& server) {
  auto command = command_of(volume_of(pod_folder) / "launch", pod_folder, kValkeyContainer);
  command.arguments = {volume_of(pod_folder).string(), server.string()};
  return command;
}

Command stop_command(const fs::path& pod_folder, std::chrono::seconds grace) {
  auto command = command_of(volume_of(pod_folder) / "launch", pod_folder, kValkeyContainer);
  command.arguments = {"stop", volume_of(pod_folder).string(), std::to_string(grace.count())};
  return command;
}

}  // namespace shardkeeper::platform::local
