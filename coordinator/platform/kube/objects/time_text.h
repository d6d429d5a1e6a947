// Times as the API server writes them.
#pragma once

#include <cstdint>
#include <string>

namespace shardkeeper::platform::kube {

// 2026-11-25T12:00:00Z, as metav1.Time wants it.
std::string time_text(std::int64_t unix_ms);
// 2026-11-25T12:00:00.123000Z, as metav1.MicroTime wants it.
std::string micro_time_text(std::int64_t unix_ms);

}  // namespace shardkeeper::platform::kube
