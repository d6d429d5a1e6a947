#include "agent/launch/volume.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace shardkeeper::launch {

const char* describe(int error_number) {
  switch (error_number) {
    case ENOSPC: return "no space left on the volume; raise its size limit, or free space on the worker";
    case EDQUOT: return "the volume's quota is used up; raise it";
    case EROFS: return "the volume is read-only; mount it writable";
    case EACCES: return "permission denied; all containers of the pod must run as the same user";
    default: return strerror(error_number);
  }
}

int SmallText::first_line_length() const {
  const char* const end = strchr(text, '\n');
  return end == nullptr ? -1 : static_cast<int>(end - text);
}

Volume::Volume(const char* path) : path_(path), fd_(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ >= 0) return;
  fprintf(stderr, "launch: cannot open the volume's folder %s: %s\n", path, describe(errno));
  exit(kVolumeTrouble);
}

SmallText Volume::read(const char* name) const {
  SmallText result;
  const int file = openat(fd_, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return result;
  const ssize_t size = ::read(file, result.text, sizeof result.text - 1);
  result.text[size > 0 ? size : 0] = '\0';
  close(file);
  return result;
}

bool Volume::write_and_rename(const char* name, const char* text) const {
  char beside[64];
  snprintf(beside, sizeof beside, "%s.launch", name);
  const int file = openat(fd_, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const size_t size = strlen(text);
  errno = ENOSPC;  // a short write sets none
  const bool written = ::write(file, text, size) == static_cast<ssize_t>(size);
  const int reason = errno;
  close(file);
  if (written && renameat(fd_, beside, fd_, name) == 0) return true;
  const int kept = written ? errno : reason;
  unlinkat(fd_, beside, 0);
  errno = kept;
  return false;
}

void Volume::replace(const char* name, const char* text) const {
  if (!write_and_rename(name, text)) fail(kVolumeTrouble, "cannot write %s/%s: %s", path_, name, describe(errno));
}

void Volume::remove(const char* name) const {
  if (unlinkat(fd_, name, 0) != 0 && errno != ENOENT) fail(kVolumeTrouble, "cannot remove %s/%s: %s", path_, name, describe(errno));
}

void Volume::fail(ExitCode code, const char* format, ...) const {
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason - 1, format, arguments);
  va_end(arguments);
  strcat(reason, "\n");
  fprintf(stderr, "launch: %s", reason);
  write_and_rename(agent::layout::kLaunchError, reason);  // as far as the volume lets us
  exit(code);
}

}  // namespace shardkeeper::launch
