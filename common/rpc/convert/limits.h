// How much a message may hold, whatever the other side says. A message as a whole is at most 4 MiB (kMessageBytesMax).
#pragma once

#include <chrono>
#include <cstddef>

namespace shardkeeper::rpc::convert {

inline constexpr int kMessageBytesMax = 4 * 1024 * 1024;
inline constexpr int kRowsMax = 2000;  // nodes in one cluster: 1,000 by design, twice as many while all are replaced
inline constexpr int kPeersMax = 2000;
inline constexpr int kSlotRangesMax = 16384;  // in one set, and in one view: each slot has one owner
inline constexpr int kSettingsMax = 1000;
inline constexpr std::size_t kTextBytesMax = 64 * 1024;
inline constexpr std::size_t kNameBytesMax = 253;  // a Kubernetes object's name
// Longer than any real one, short enough that sums of them do not overflow.
inline constexpr std::chrono::milliseconds kDurationMax = std::chrono::hours(24 * 365 * 10);

}  // namespace shardkeeper::rpc::convert
