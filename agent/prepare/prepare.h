// Makes a pod's volume ready for agent and launch. Runs to its end before either starts (an init container on Kubernetes).
#pragma once

#include "agent/decide/render_config.h"
#include "common/error/result.h"

#include <filesystem>

namespace shardkeeper::agent {

struct PrepareOptions {
  std::filesystem::path volume;         // made where it is missing
  std::filesystem::path launch_binary;  // copied to the volume, so that any Valkey image can run it; "": beside this program
  ServerSettings settings{.announce = {.port = kServerPort},
                          .replication = {.user = std::string(kReplicationUser)}};  // bus port 0: bus_port_of(cluster_uid)
};

// May be run again at any time: the folder tree, launch and settings are brought up to date; the lock file and the passwords are made once
// and never replaced, since a second lock file would look free while a server lives. What is written, and who reads it:
// agent/io/volume_layout.h.
// ERRORS kInvalid: settings that no server could start with, a path too long for a unix socket, a volume that something else wrote on;
// kNotFound: no launch binary; kUnavailable: disk full, not writable (with the way out).
Result<void> prepare(const PrepareOptions& options);

}  // namespace shardkeeper::agent
