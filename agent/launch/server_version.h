// Asks a server binary for its version.
#pragma once

#include "agent/launch/volume.h"

namespace shardkeeper::launch {

struct VersionText {
  char text[24] = {};  // as 8.0.1
};

// Runs `server --version`, for at most 5 s, and reads at most 4 KiB of what it says. `server` is executed as given, never resolved: some
// packages choose the program by its name. A name without a slash is looked up in PATH. Fails with kServerTrouble when it cannot be
// executed, does not end in time, or is not a Valkey server. Any version is fine here: the agent refuses those that it does not support.
VersionText server_version(const Volume& volume, const char* server);

}  // namespace shardkeeper::launch
