// How much of a pod's memory limit its server may fill with data.
#pragma once

#include "coordinator/model/spec.h"

#include <cstdint>
#include <optional>

namespace shardkeeper::model {

// The other 30 % is for what maxmemory does not count: fragmentation (about 10 %), replication buffers, and the pages that
// are copied while a forked child sends a full sync to a replica.
inline constexpr std::uint64_t kMaxmemoryPercent = 70;

// RETURNS the server's `maxmemory` in bytes; none: the spec has no memory limit, and the server runs without one.
inline std::optional<std::uint64_t> maxmemory_bytes(const ClusterSpec& spec) {
  if (!spec.memory_limit_bytes) return std::nullopt;
  return *spec.memory_limit_bytes / 100 * kMaxmemoryPercent;
}

}  // namespace shardkeeper::model
