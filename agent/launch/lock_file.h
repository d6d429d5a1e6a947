// The lock that is held for exactly as long as the server lives.
#pragma once

#include "agent/launch/volume.h"

namespace shardkeeper::launch {

// A POSIX record lock, because it survives exec, is not inherited by forked children (a background save would hold a flock() beyond the
// server's death), and is freed by the kernel with the process. Closing any descriptor of the file frees it too, so the file is opened
// without O_CLOEXEC and never again.
class LockFile {
 public:
  // Fails when the file is missing: only `prepare` makes it, since a second file would look free while a server lives.
  explicit LockFile(const Volume& volume);

  // Waits while another process holds it.
  void take();
  void release();

 private:
  const Volume& volume_;
  int fd_;
};

// Fails with kAlreadyRunning while a server lives on this volume. Holds nothing afterwards.
void fail_if_server_runs(const Volume& volume);

}  // namespace shardkeeper::launch
