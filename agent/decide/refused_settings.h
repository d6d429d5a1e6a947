// Which settings of valkey.conf a user may not set, and why. Used where a manifest is read and again before a server starts.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::agent {

struct RefusedSetting {
  std::string setting;  // as the user wrote it
  std::string reason;   // one sentence with the way out, where there is one

  bool operator==(const RefusedSetting&) const = default;
};

// A name that is refused whatever its value is; a trailing * stands for any ending.
struct RefusedName {
  std::string_view name;
  std::string_view reason;
};
std::span<const RefusedName> refused_names();

// What is refused in `config` (setting → value), sorted by setting. Empty: the whole map may be passed to a server. Everything that is not
// refused here passes through, known to us or not: the server itself judges it. Pure.
//
// Names are compared as the server does, without regard to case. Two settings that Shardkeeper sets by the user's wish are checked for
// their range: cluster-node-timeout (500..60000 ms) and min-replicas-to-write (0..254).
std::vector<RefusedSetting> refused_settings(const std::map<std::string, std::string>& config);

// `name` in lower case.
std::string canonical_setting_name(std::string_view name);

inline constexpr std::string_view kNodeTimeoutSetting = "cluster-node-timeout";
inline constexpr std::string_view kMinReplicasSetting = "min-replicas-to-write";
inline constexpr int kNodeTimeoutMinMs = 500;
inline constexpr int kNodeTimeoutMaxMs = 60'000;
inline constexpr int kMinReplicasMax = 254;  // 255 is the fence's value
inline constexpr std::size_t kSettingValueLengthMax = 4096;

}  // namespace shardkeeper::agent
