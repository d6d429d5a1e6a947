#include "agent/launch/lock_file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace shardkeeper::launch {
namespace {

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;  // length 0: to the end, however far it is
}

int open_lock(const Volume& volume, int flags) {
  const int fd = openat(volume.fd(), agent::layout::kLock, O_RDWR | flags);
  if (fd >= 0) return fd;
  if (errno == ENOENT)
    volume.fail(kVolumeTrouble, "%s/%s is missing: run `shardkeeper-agent prepare` on this volume first; only it makes this file, once",
                volume.path(), agent::layout::kLock);
  volume.fail(kVolumeTrouble, "cannot open %s/%s: %s", volume.path(), agent::layout::kLock, describe(errno));
}

}  // namespace

LockFile::LockFile(const Volume& volume) : volume_(volume), fd_(open_lock(volume, 0)) {}

void LockFile::take() {
  struct flock lock = whole_file(F_WRLCK);
  while (fcntl(fd_, F_SETLKW, &lock) != 0)
    if (errno != EINTR) volume_.fail(kVolumeTrouble, "cannot lock %s/%s: %s", volume_.path(), agent::layout::kLock, describe(errno));
}

void LockFile::release() {
  struct flock lock = whole_file(F_UNLCK);
  fcntl(fd_, F_SETLK, &lock);
}

void fail_if_server_runs(const Volume& volume) {
  const int fd = open_lock(volume, O_CLOEXEC);
  // Asked for a read lock: the agent's own watcher holds one for an instant now and then, and must not look like a server.
  struct flock lock = whole_file(F_RDLCK);
  if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    volume.fail(kAlreadyRunning, "a server already runs on %s (its lock is held); one volume serves one server", volume.path());
  close(fd);
}

}  // namespace shardkeeper::launch
