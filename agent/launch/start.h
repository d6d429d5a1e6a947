// The server container's command: wait at the gate, then become the server.
#pragma once

namespace shardkeeper::launch {

// Becomes `server` with VOLUME/server.conf; returns never. SIGTERM, SIGINT and SIGHUP end it at any moment before that (128 + signal): as
// process 1 of a container it would ignore them otherwise and cost the whole grace period.
[[noreturn]] void start(const char* volume_dir, const char* server);

}  // namespace shardkeeper::launch
