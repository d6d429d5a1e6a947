// The user's server settings (spec.config), as they go to a running server.
#pragma once

#include "common/types/fnv1a.h"

#include <map>
#include <string>

namespace shardkeeper {

using ServerSettingMap = std::map<std::string, std::string>;  // names and values as in valkey.conf

inline std::uint64_t hash_settings(const ServerSettingMap& settings) {
  Fnv1a hash;
  for (const auto& [name, value] : settings) {
    hash.add(name);
    hash.add(value);
  }
  return hash.value();
}

// A setting that was asked for last, or left out last, and that the running server does not follow.
struct SettingNotInForce {
  std::string name;
  bool needs_new_server = false;  // true: it is read at the start only, or was left out; false: the server refuses the value
  std::string reason;             // the server's words, or ours

  bool operator==(const SettingNotInForce&) const = default;
};

}  // namespace shardkeeper
