// Valkey's config epoch: a higher one wins a conflict over slots (facts: CLUSTER SET-CONFIG-EPOCH).
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace shardkeeper {

struct Epoch {
  std::uint64_t value = 0;  // 0: none yet

  auto operator<=>(const Epoch&) const = default;
};

inline std::string to_string(Epoch epoch) { return std::to_string(epoch.value); }

// Orders coordinators: the transition count of the Lease. An agent refuses commands with a lower one than it has seen.
struct FenceToken {
  std::uint64_t value = 0;

  auto operator<=>(const FenceToken&) const = default;
};

}  // namespace shardkeeper
