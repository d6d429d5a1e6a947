#include "cli/socket_path.h"

#include <cstdlib>
#include <string>

namespace shardkeeper::cli {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::filesystem::path default_socket_path() {
  if (const auto socket = environment("SHARDKEEPER_SOCKET"); !socket.empty()) return socket;
  const auto state = environment("XDG_STATE_HOME");
  const std::filesystem::path folder =
      state.empty() ? std::filesystem::path(environment("HOME")) / ".local/state" : std::filesystem::path(state);
  return folder / "shardkeeper/admin.sock";
}

}  // namespace shardkeeper::cli
