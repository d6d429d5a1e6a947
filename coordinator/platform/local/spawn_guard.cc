#include "coordinator/platform/local/spawn_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace shardkeeper::platform::local {
namespace {

Error trouble(const std::filesystem::path& file, const char* what) {
  return unavailable(file.string(), std::string(what) + ": " + std::strerror(errno));
}

// A pipe without a writer is at its end; with one, and without data, it has nothing to read yet. The hang-up of the last writer is an event.
// RETURNS whether nobody holds it.
bool is_let_go(int reader, std::chrono::milliseconds limit) {
  char nothing = 0;
  if (::read(reader, &nothing, sizeof nothing) == 0) return true;
  pollfd waited{reader, 0, 0};
  return ::poll(&waited, 1, static_cast<int>(limit.count())) == 1 && (waited.revents & POLLHUP) != 0;
}

}  // namespace

Result<SpawnGuard> SpawnGuard::take(const std::filesystem::path& file, std::chrono::milliseconds limit) {
  if (::mkfifo(file.c_str(), 0600) != 0 && errno != EEXIST) return trouble(file, "the pipe cannot be made");
  const int reader = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (reader == -1) return trouble(file, "the pipe cannot be opened");
  const bool is_free = is_let_go(reader, limit);
  ::close(reader);
  if (!is_free)
    return unavailable(file.string(),
                       "held for longer than " + std::to_string(limit.count()) +
                           " ms by a coordinator that lives, or by what a killed one left half started (a stopped process?); "
                           "end whoever has this file open");
  const int holder = ::open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (holder == -1) return trouble(file, "the pipe cannot be opened");
  return SpawnGuard(holder);
}

SpawnGuard::~SpawnGuard() {
  if (descriptor_ != -1) ::close(descriptor_);
}

SpawnGuard::SpawnGuard(SpawnGuard&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

SpawnGuard& SpawnGuard::operator=(SpawnGuard&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace shardkeeper::platform::local
