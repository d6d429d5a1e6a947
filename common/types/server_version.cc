#include "common/types/server_version.h"

#include <array>
#include <charconv>

namespace shardkeeper {

Result<ServerVersion> ServerVersion::parse(std::string_view text) {
  std::array<int, 3> parts{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto [next, failed] = std::from_chars(at, end, parts[i]);
    const bool last = i + 1 == parts.size();
    const bool separated = last ? next == end : next != end && *next == '.';
    if (failed != std::errc{} || !separated || parts[i] < 0 || parts[i] > 9999)
      return invalid("server version", "expected a version like 8.0.1, got \"" + std::string(text.substr(0, 60)) + "\"");
    at = next + 1;
  }
  return ServerVersion{parts[0], parts[1], parts[2]};
}

std::string to_string(const ServerVersion& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch);
}

}  // namespace shardkeeper
