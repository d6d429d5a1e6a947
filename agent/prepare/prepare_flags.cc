#include "agent/prepare/prepare_flags.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace shardkeeper::agent {
namespace {

void add_setting(ServerSettings& settings, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) throw CLI::ValidationError("--set", "expected NAME=VALUE, got \"" + text + "\"");
  if (!settings.config.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
    throw CLI::ValidationError("--set", "gives " + text.substr(0, equals) + " twice");
}

}  // namespace

void add_prepare_flags(CLI::App& command, PrepareOptions& options) {
  ServerSettings& settings = options.settings;
  command.add_option("--volume", options.volume, "folder that agent and server share; made where missing")
      ->required()
      ->envname("SHARDKEEPER_VOLUME");
  command.add_option("--launch", options.launch_binary, "the launch program, copied to the volume")
      ->default_str("beside this program")
      ->envname("SHARDKEEPER_LAUNCH");
  command
      .add_option_function<std::string>(
          "--pod", [&settings](const std::string& name) { settings.pod = PodName(name); }, "name of this pod")
      ->required()
      ->envname("SHARDKEEPER_POD");
  command.add_option("--ip", settings.announce.ip, "address of this pod; the server listens there and nowhere else")
      ->required()
      ->envname("SHARDKEEPER_POD_IP");
  command.add_option("--port", settings.announce.port, "port for clients and replication")->capture_default_str();
  command.add_option("--bus-port", settings.announce.bus_port, "port of the cluster bus; 0: 20000..29999 by the cluster's UID")
      ->capture_default_str();
  command.add_option("--zone", settings.zone, "availability zone, where known")->envname("SHARDKEEPER_ZONE");
  command.add_option("--cluster-uid", settings.cluster_uid, "UID of the ValkeyCluster object")
      ->required()
      ->envname("SHARDKEEPER_CLUSTER_UID");
  command.add_option("--maxmemory", settings.maxmemory_bytes, "memory limit of the data in bytes; 0: none")->capture_default_str();
  command.add_option("--replication-user", settings.replication.user, "user with which servers of this cluster replicate")
      ->capture_default_str();
  command
      .add_option("--replication-password", settings.replication.password,
                  "password of that user, one per cluster; use the environment, since others can read command lines")
      ->required()
      ->envname("SHARDKEEPER_REPLICATION_PASSWORD");
  command
      .add_option_function<int>(
          "--node-timeout-ms", [&settings](int timeout_ms) { settings.node_timeout = std::chrono::milliseconds(timeout_ms); },
          "cluster-node-timeout, 500 to 60000")
      ->default_str("5000");
  command.add_option(
      "--users", settings.users_file,
      "file with the users of the server, as in its own ACL file; read again when it changes. The default user is off unless it is "
      "among them. Without it everybody may do everything that is not @admin");
  command.add_option("--tls", settings.tls_folder,
                     "folder with ca.crt, tls.crt and tls.key: clients, bus and replication use TLS and nothing else; read again when it "
                     "changes. The certificate must serve for server auth and for client auth");
  command.add_option("--tls-clients", settings.tls_clients, "whether clients must show a certificate: yes, optional, no")
      ->check(CLI::IsMember({"yes", "optional", "no"}))
      ->capture_default_str();
  command.add_option("--min-replicas", settings.min_replicas_to_write, "min-replicas-to-write")->capture_default_str();
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&settings](const std::vector<std::string>& texts) {
            for (const auto& text : texts) add_setting(settings, text);
          },
          "NAME=VALUE: a setting of valkey.conf from the manifest; may be given many times")
      ->allow_extra_args(false);
}

}  // namespace shardkeeper::agent
