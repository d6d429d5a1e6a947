// `launch`: starts a valkey-server behind the start gate of its pod. Static and tiny, so that it runs in any Valkey image.
#include "agent/launch/exit_codes.h"
#include "agent/launch/start.h"
#include "agent/launch/stop.h"

#include <cstdio>
#include <cstring>

namespace {

constexpr char kHelp[] =
    R"(Usage: launch VOLUME_DIR SERVER_PATH        start a server, once the pod's agent grants it
       launch stop VOLUME_DIR GRACE_SECONDS   hand the shard over before the server is stopped (preStop hook)

A Valkey server that restarts comes back empty, and an empty primary empties its replicas. So every start waits at a gate:
  1. nodes.conf of the last process moves to VOLUME_DIR/last, RDB files are deleted: a start is always a new node;
  2. `SERVER_PATH --version` and a random start id go into VOLUME_DIR/request, and launch waits until the agent writes that
     id into VOLUME_DIR/grant (the coordinator decides when; SIGTERM ends the wait at once);
  3. launch locks VOLUME_DIR/lock and becomes SERVER_PATH with VOLUME_DIR/server.conf. The lock is held for as long as the
     server lives, which is how the agent knows within a millisecond that it died.

VOLUME_DIR is what `shardkeeper-agent prepare` made. SERVER_PATH is executed as given; without a slash it is looked up in PATH.
`launch stop` returns when the agent says that it is done, when no agent listens, or 10 s before GRACE_SECONDS are over.

Exit codes: 2 usage; 3 volume missing, not prepared, not writable or full; 4 server missing or not a Valkey server; 5 a server
already runs on this volume; 128 + N ended by signal N (143: SIGTERM). The reason is on stderr and in VOLUME_DIR/launch-error.
)";

bool is(const char* argument, const char* word) { return strcmp(argument, word) == 0; }

}  // namespace

int main(int count, char** arguments) {
  using namespace shardkeeper::launch;
  if (count == 2 && (is(arguments[1], "--help") || is(arguments[1], "-h"))) {
    fputs(kHelp, stdout);
    return kDone;
  }
  if (count == 4 && is(arguments[1], "stop")) return stop(arguments[2], arguments[3]);
  if (count == 3 && arguments[1][0] != '-' && !is(arguments[1], "stop")) start(arguments[1], arguments[2]);
  fputs(kHelp, stderr);
  return kUsage;
}
