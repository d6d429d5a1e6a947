// The coordinator's command line.
#pragma once

#include "common/log/log.h"
#include "coordinator/platform/local/options.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::coordinator {

enum class AtEnd { kStopEverything, kKeep };  // what becomes of the pods when the coordinator ends by itself

enum class PlatformKind { kLocal, kKubernetes };

struct KubeOptions {
  std::filesystem::path kubeconfig;  // "": the service account of the pod that this runs in
  std::vector<std::string> spaces;   // namespaces whose clusters are run; none: all
  std::string helper_image;          // of the pods' prepare and agent containers
  std::string lease_space;           // namespace of the Lease; "": the one that this runs in
  std::string lease_name = "shardkeeper-coordinator";
};

struct Options {
  PlatformKind platform = PlatformKind::kLocal;
  platform::local::LocalOptions local;
  KubeOptions kube;
  std::vector<std::string> cluster_files;
  std::filesystem::path admin_socket;  // empty: <state folder>/admin.sock
  std::string http_ip;                 // of probes and metrics; empty: none
  std::uint16_t http_port = 0;
  AtEnd at_end = AtEnd::kStopEverything;
  log::Options log;
};

struct DemoOptions {
  Options base;
  bool once = false;  // print, write and read, stop
};

struct CommandLine {
  std::optional<Options> run;
  std::optional<DemoOptions> demo;
  int exit_code = 0;  // where neither is set: --help, --version or an error, already printed
};

// Prints help and usage errors itself. Exit codes: 0 ended as asked, 1 failed, 2 usage.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace shardkeeper::coordinator
