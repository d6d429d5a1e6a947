// A duration for people, in reasons and messages.
#pragma once

#include <chrono>
#include <string>

namespace shardkeeper {

// "2.5 s": tenths, rounded down. REQUIRES it is not negative.
inline std::string in_seconds(std::chrono::milliseconds duration) {
  const auto tenths = duration.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace shardkeeper
