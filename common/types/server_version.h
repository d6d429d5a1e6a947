// The version of a valkey-server, as `valkey-server --version` and INFO print it.
#pragma once

#include "common/error/result.h"

#include <compare>
#include <string>
#include <string_view>

namespace shardkeeper {

struct ServerVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  // ERRORS kInvalid unless `text` is like 8.0.1 (each part 0..9999).
  static Result<ServerVersion> parse(std::string_view text);
  bool at_least(int want_major, int want_minor) const { return major != want_major ? major > want_major : minor >= want_minor; }
  auto operator<=>(const ServerVersion&) const = default;
};

std::string to_string(const ServerVersion& version);

// Valkey 8.0 is the oldest whose cluster commands we rely on.
inline bool is_supported(const ServerVersion& version) { return version.major >= 8; }

}  // namespace shardkeeper
