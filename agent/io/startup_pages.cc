#include "agent/io/startup_pages.h"

#include <cstdint>
#include <cstdio>
#include <memory>

#include <sys/mman.h>

namespace shardkeeper::agent {

std::size_t drop_startup_pages() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/maps", "re"), &std::fclose);
  if (!maps) return 0;
  std::size_t dropped = 0;
  char line[512];
  while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
    unsigned long first = 0;
    unsigned long end = 0;
    char rights[5] = {};
    char path = 0;
    // A path begins with a slash; [vdso] and anonymous code do not, and cannot be read back from a file.
    if (std::sscanf(line, "%lx-%lx %4s %*s %*s %*s %c", &first, &end, rights, &path) != 4 || path != '/') continue;
    if (rights[0] != 'r' || rights[1] != '-' || rights[2] != 'x' || rights[3] != 'p') continue;
    // The kernel takes an address; there is no other way to name a mapping.
    auto* const start = reinterpret_cast<void*>(static_cast<std::uintptr_t>(first));  // NOLINT(performance-no-int-to-ptr)
    if (::madvise(start, end - first, MADV_DONTNEED) == 0) dropped += end - first;
  }
  return dropped;
}

}  // namespace shardkeeper::agent
