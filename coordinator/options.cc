#include "coordinator/options.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

namespace shardkeeper::coordinator {
namespace {

constexpr const char* kAbout =
    "Runs Valkey clusters: reads ValkeyCluster manifests and keeps reality equal to them.\n"
    "\n"
    "Examples:\n"
    "  shardkeeper-coordinator demo --server 8.0.1=/usr/bin/valkey-server\n"
    "      a 3x2 cluster on three local workers, with a live picture, until Ctrl-C\n"
    "  shardkeeper-coordinator --platform=local --cluster=cache.yaml --server 8.0.1=/usr/bin/valkey-server\n"
    "      runs what cache.yaml asks for and follows its edits; see it with: shardkeeper status --watch\n"
    "  shardkeeper-coordinator --platform=kubernetes --kubeconfig ~/.kube/config --helper-image localhost/shardkeeper:1\n"
    "      runs the ValkeyCluster objects of a Kubernetes cluster, here from outside of it";

// Beside this program, where a build and a package put it.
std::filesystem::path sibling(const std::string& name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path(name) : self.parent_path() / name;
}

// What CLI11 fills in; turned into Options afterwards.
struct Raw {
  std::string platform = "local";
  std::vector<std::string> servers;
  std::vector<std::string> workers{"worker-1", "worker-2", "worker-3"};
  std::string log_level = "info";
  std::string log_format = "auto";
  int http_port = -1;
  bool keep = false;
};

constexpr int kHttpPortInPods = 8080;
constexpr const char* kSocketInPods = "/run/shardkeeper/admin.sock";

void add_log_options(CLI::App& app, Raw& raw) {
  app.add_option("--log-level", raw.log_level)->check(CLI::IsMember({"debug", "info", "warn", "error"}))->capture_default_str();
  app.add_option("--log-format", raw.log_format)->check(CLI::IsMember({"auto", "text", "json"}))->capture_default_str();
}

void add_local_options(CLI::App& app, Raw& raw, Options& options) {
  app.add_option("--server", raw.servers, "TAG=PATH: the valkey-server for images with that tag; may be given several times")
      ->type_name("TAG=PATH");
  app.add_option("--workers", raw.workers, "names of the local workers, as NAME or NAME:ZONE")->delimiter(',')->capture_default_str();
  app.add_option("--state-dir", options.local.state_folder, "where pods, certificates and the lease are kept")
      ->default_str(options.local.state_folder.string());
  app.add_option("--agent", options.local.agent_binary, "shardkeeper-agent to run beside each server")->default_str("beside this program");
  app.add_option("--launch", options.local.launch_binary, "launch to start each server with")->default_str("beside this program");
  add_log_options(app, raw);
}

void add_kube_options(CLI::App& app, Raw& raw, Options& options) {
  auto& kube = options.kube;
  app.add_option("--kubeconfig", kube.kubeconfig, "how to reach the API server; without it as the pod that this runs in")
      ->envname("KUBECONFIG");
  app.add_option("--watch-namespace", kube.spaces, "namespace whose ValkeyClusters are run; may be given several times")
      ->type_name("NAMESPACE")
      ->default_str("all");
  app.add_option("--helper-image", kube.helper_image, "image with shardkeeper-agent and launch, for the pods of clusters")
      ->envname("SHARDKEEPER_HELPER_IMAGE");
  app.add_option("--lease-namespace", kube.lease_space, "namespace of the Lease by which one of several coordinators leads")
      ->envname("POD_NAMESPACE")
      ->default_str("where this runs");
  app.add_option("--lease", kube.lease_name, "name of that Lease")->capture_default_str();
  app.add_option("--http-ip", options.http_ip, "address for /healthz, /readyz and /metrics")->default_str("0.0.0.0 on Kubernetes");
  app.add_option("--http-port", raw.http_port, "port for them; on `local` there is none unless it is given")
      ->check(CLI::Range(0, 65535))
      ->default_str(std::to_string(kHttpPortInPods) + " on Kubernetes");
}

void fill_common(const Raw& raw, Options& options) {
  options.log.level = raw.log_level == "debug"   ? log::Level::kDebug
                      : raw.log_level == "warn"  ? log::Level::kWarn
                      : raw.log_level == "error" ? log::Level::kError
                                                 : log::Level::kInfo;
  options.log.format = raw.log_format == "text" ? log::Format::kText : raw.log_format == "json" ? log::Format::kJson : log::Format::kAuto;
  options.at_end = raw.keep ? AtEnd::kKeep : AtEnd::kStopEverything;
  if (raw.http_port >= 0) options.http_port = static_cast<std::uint16_t>(raw.http_port);
}

std::string fill_kube(const Raw& raw, Options& options) {
  options.platform = PlatformKind::kKubernetes;
  if (!options.cluster_files.empty())
    return "--cluster is for --platform=local: on Kubernetes, clusters are objects (kubectl apply -f FILE)";
  if (options.kube.helper_image.empty())
    return "--helper-image is missing: the image with shardkeeper-agent and launch, as in --helper-image localhost/shardkeeper:1";
  if (options.admin_socket.empty()) options.admin_socket = kSocketInPods;
  if (options.http_ip.empty()) options.http_ip = "0.0.0.0";
  if (raw.http_port < 0) options.http_port = kHttpPortInPods;
  return {};
}

std::string fill(const Raw& raw, Options& options) {
  for (const auto& server : raw.servers) {
    const auto equals = server.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == server.size())
      return "--server " + server + ": expected TAG=PATH, as in --server 8.0.1=/usr/bin/valkey-server";
    options.local.servers[server.substr(0, equals)] = server.substr(equals + 1);
  }
  if (options.local.servers.empty())
    return "--server is missing: say which valkey-server to run, as in --server 8.0.1=/usr/bin/valkey-server";
  for (const auto& worker : raw.workers) {
    const auto colon = worker.find(':');
    options.local.workers.push_back({WorkerName(worker.substr(0, colon)), colon == std::string::npos ? "" : worker.substr(colon + 1)});
  }
  if (options.local.agent_binary.empty()) options.local.agent_binary = sibling("shardkeeper-agent");
  if (options.local.launch_binary.empty()) options.local.launch_binary = sibling("launch");
  if (raw.http_port >= 0 && options.http_ip.empty()) options.http_ip = "127.0.0.1";
  return {};
}

CommandLine usage_error(const std::string& text) {
  std::cerr << "shardkeeper-coordinator: " << text << "\nTry --help.\n";
  return {std::nullopt, std::nullopt, 2};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "shardkeeper-coordinator");
  app.set_version_flag("--version", std::string("shardkeeper-coordinator ") + SHARDKEEPER_VERSION);
  app.require_subcommand(0, 1);
  Raw raw;
  Options options;
  options.local.state_folder = platform::local::default_state_folder();
  app.add_option("--platform", raw.platform, "where pods run")->check(CLI::IsMember({"local", "kubernetes"}))->capture_default_str();
  app.add_option("--cluster", options.cluster_files, "a ValkeyCluster manifest; may be given several times; edits are followed")
      ->type_name("FILE");
  app.add_option("--socket", options.admin_socket, "unix socket for the CLI")
      ->envname("SHARDKEEPER_SOCKET")
      ->default_str("STATE_DIR/admin.sock, on Kubernetes " + std::string(kSocketInPods));
  app.add_flag("--keep", raw.keep, "leave servers running at the end; the next coordinator adopts them");
  add_local_options(app, raw, options);
  add_kube_options(app, raw, options);

  DemoOptions demo;
  Raw demo_raw;
  auto* sub = app.add_subcommand("demo", "a 3x2 cluster on three local workers, until Ctrl-C; leaves nothing behind");
  sub->add_flag("--once", demo.once,
                "print the tree once it is Ready, write and read keys on every shard, stop everything; fails after 60 s");
  add_local_options(*sub, demo_raw, demo.base);
  demo_raw.log_level = "warn";

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return {std::nullopt, std::nullopt, code == 0 ? 0 : 2};
  }
  if (sub->parsed()) {
    fill_common(demo_raw, demo.base);
    if (const auto text = fill(demo_raw, demo.base); !text.empty()) return usage_error(text);
    return {std::nullopt, std::move(demo), 0};
  }
  fill_common(raw, options);
  if (raw.platform == "kubernetes") {
    if (const auto text = fill_kube(raw, options); !text.empty()) return usage_error(text);
    return {std::move(options), std::nullopt, 0};
  }
  if (options.cluster_files.empty()) return usage_error("--cluster is missing: give at least one ValkeyCluster manifest");
  if (const auto text = fill(raw, options); !text.empty()) return usage_error(text);
  return {std::move(options), std::nullopt, 0};
}

}  // namespace shardkeeper::coordinator
