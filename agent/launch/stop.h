// The server container's preStop hook.
#pragma once

namespace shardkeeper::launch {

// Asks the agent on the volume's socket to hand the shard over and passes on what it says. Returns when the agent says that it is done (or
// why there is nothing to do), when the agent is not there or goes away, or when the time is over: 10 s before the grace period ends, so
// that the server can still end by itself; half of a grace period of less than 20 s.
// RETURNS kDone always, since a failing hook stops nothing; kUsage where `grace_seconds` is not a number from 0 to 86400.
int stop(const char* volume_dir, const char* grace_seconds);

}  // namespace shardkeeper::launch
