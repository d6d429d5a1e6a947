// Tells a coordinator when the processes that its predecessor was just starting can be found. Between its birth and its program a process is one that
// nobody can recognise: it still works in the coordinator's folder, with the coordinator's environment. A predecessor that was killed may leave one,
// and a look at /proc would miss it. So all of them hold a named pipe open, from their birth until the kernel closes it by starting their program.
#pragma once

#include "common/error/result.h"

#include <chrono>
#include <filesystem>

namespace shardkeeper::platform::local {

// OWNERSHIP of the descriptor. Moved from it holds nothing.
class SpawnGuard {
 public:
  // Waits until nobody else holds the pipe at `file` (made where it is missing), then holds it. Blocks for `limit` at most.
  // ERRORS kUnavailable: it cannot be made or opened; or somebody still holds it: a coordinator that lives, or what one left half started.
  static Result<SpawnGuard> take(const std::filesystem::path& file, std::chrono::milliseconds limit);

  ~SpawnGuard();
  SpawnGuard(SpawnGuard&& other) noexcept;
  SpawnGuard& operator=(SpawnGuard&& other) noexcept;
  SpawnGuard(const SpawnGuard&) = delete;
  SpawnGuard& operator=(const SpawnGuard&) = delete;

  // For Command::held_until_exec. It is closed on exec.
  int descriptor() const { return descriptor_; }

 private:
  explicit SpawnGuard(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace shardkeeper::platform::local
