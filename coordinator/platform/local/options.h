// What the local platform is told at start: where it keeps things, which binaries make a pod, which workers there are.
#pragma once

#include "common/types/names.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

struct WorkerOptions {
  WorkerName name;
  std::string zone;  // "" when zones do not matter

  bool operator==(const WorkerOptions&) const = default;
};

struct LocalOptions {
  std::filesystem::path state_folder;                    // see default_state_folder()
  std::filesystem::path agent_binary;                    // shardkeeper-agent
  std::filesystem::path launch_binary;                   // launch; `prepare` copies it to the pod's volume
  std::map<std::string, std::filesystem::path> servers;  // image tag -> valkey-server, as in --server 8.0.1=/usr/bin/valkey-server
  std::vector<WorkerOptions> workers;                    // at least one
};

// ${XDG_STATE_HOME:-~/.local/state}/shardkeeper; /tmp/shardkeeper-UID where neither variable is set.
std::filesystem::path default_state_folder();

}  // namespace shardkeeper::platform::local
