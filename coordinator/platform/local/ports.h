// The ports of a pod: those of Kubernetes, because every pod has an address of its own.
#pragma once

#include <cstdint>
#include <vector>

namespace shardkeeper::platform::local {

inline constexpr std::uint16_t kServerPort = 6379;
inline constexpr std::uint16_t kAgentPort = 9780;      // gRPC
inline constexpr std::uint16_t kAgentHttpPort = 9781;  // probes and metrics

inline std::vector<std::uint16_t> pod_ports() { return {kServerPort, kAgentPort, kAgentHttpPort}; }

}  // namespace shardkeeper::platform::local
