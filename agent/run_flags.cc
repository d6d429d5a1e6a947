#include "agent/run_flags.h"

#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace shardkeeper::agent {

void add_run_flags(CLI::App& command, AgentOptions& options, log::Options& log) {
  command.add_option("--volume", options.volume, "folder that `prepare` made ready and the server uses")
      ->required()
      ->envname("SHARDKEEPER_VOLUME");
  command
      .add_option_function<std::string>(
          "--pod", [&options](const std::string& name) { options.pod = PodName(name); }, "name of this pod")
      ->required()
      ->envname("SHARDKEEPER_POD");
  command
      .add_option_function<std::string>(
          "--cluster", [&options](const std::string& name) { options.cluster = ClusterName(name); },
          "name of the cluster; callers need a certificate for it")
      ->required()
      ->envname("SHARDKEEPER_CLUSTER");
  command
      .add_option("--identity", options.identity,
                  "folder with ca.crt, tls.crt and tls.key, which may be renewed at any time; default: VOLUME/tls")
      ->envname("SHARDKEEPER_IDENTITY");
  command.add_option("--ip", options.ip, "address to listen on; default: the pod's, as told to `prepare`")
      ->envname("SHARDKEEPER_LISTEN_IP");
  command.add_option("--grpc-port", options.rpc_port, "port for the coordinator and other agents")->capture_default_str();
  command.add_option("--http-port", options.http_port, "port for probes and metrics")->capture_default_str();
  command
      .add_option_function<int>(
          "--hung-after-ms", [&options](int silence_ms) { options.hung_after = std::chrono::milliseconds(silence_ms); },
          "a server that has answered before and is silent for so long counts as hung")
      ->default_str("30000")
      ->check(CLI::Range(100, 3'600'000))
      ->envname("SHARDKEEPER_HUNG_AFTER_MS");
  command.add_flag_callback(
      "--stay-until-server-ends", [&options] { options.on_term = AgentOptions::OnTerm::kStayUntilServerEnds; },
      "on SIGTERM stay until the server process has ended: for an agent that is an ordinary container and not a native sidecar");
  const std::map<std::string, log::Level> levels{
      {"debug", log::Level::kDebug}, {"info", log::Level::kInfo}, {"warn", log::Level::kWarn}, {"error", log::Level::kError}};
  command.add_option("--log-level", log.level, "debug, info, warn or error")
      ->transform(CLI::CheckedTransformer(levels))
      ->default_str("info");
  const std::map<std::string, log::Format> formats{
      {"auto", log::Format::kAuto}, {"text", log::Format::kText}, {"json", log::Format::kJson}};
  command.add_option("--log-format", log.format, "auto, text or json; auto is text on a terminal")
      ->transform(CLI::CheckedTransformer(formats))
      ->default_str("auto");
}

}  // namespace shardkeeper::agent
