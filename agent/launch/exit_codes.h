// How `launch` ends, when it does not become the server. Documented in --help.
#pragma once

namespace shardkeeper::launch {

enum ExitCode : int {
  kDone = 0,  // `launch stop` only
  kUsage = 2,
  kVolumeTrouble = 3,   // missing, not writable, full, never prepared
  kServerTrouble = 4,   // binary missing, not executable, not a Valkey server
  kAlreadyRunning = 5,  // the lock is held
  kSignalled = 128,     // plus the signal's number: 143 for SIGTERM
};

}  // namespace shardkeeper::launch
