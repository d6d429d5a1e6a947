// Waiting at the gate.
#pragma once

#include "agent/launch/volume.h"

namespace shardkeeper::launch {

struct StartId {
  char text[agent::layout::kStartIdLength + 1] = {};
};

// Ends the process when the kernel gives no random bytes.
StartId random_start_id(const Volume& volume);

// True when the grant on the volume is for this very start.
bool is_granted(const Volume& volume, const StartId& id);

// Returns when is_granted. The agent's rename of the file wakes us at once (inotify); where the kernel has no inotify instance left we look
// every 5 ms instead, which costs a little CPU, but only while the server is down.
void wait_for_grant(const Volume& volume, const StartId& id);

}  // namespace shardkeeper::launch
