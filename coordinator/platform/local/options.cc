#include "coordinator/platform/local/options.h"

#include <unistd.h>

#include <cstdlib>

namespace shardkeeper::platform::local {

std::filesystem::path default_state_folder() {
  const std::filesystem::path name = "shardkeeper";
  const char* const state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return state / name;
  const char* const home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::filesystem::path(home) / ".local" / "state" / name;
  return "/tmp/shardkeeper-" + std::to_string(::getuid());
}

}  // namespace shardkeeper::platform::local
