// How long to wait before a container that ended is started again.
#pragma once

#include "common/time/scheduler.h"

#include <array>
#include <chrono>

namespace shardkeeper::platform::local {

// The first restart is immediate, because a killed server should be back at its gate at once; then 10 ms, 100 ms, 1 s, 5 s, 5 s …
// A container that was up for 10 s begins anew.
class BackOff {
 public:
  static constexpr Duration kUpLongEnough = std::chrono::seconds(10);
  static constexpr std::array<Duration, 5> kDelays{std::chrono::milliseconds(0), std::chrono::milliseconds(10),
                                                   std::chrono::milliseconds(100), std::chrono::seconds(1), std::chrono::seconds(5)};

  // Call at each end with how long the container was up.
  Duration next(Duration was_up) {
    if (was_up >= kUpLongEnough) ends_ = 0;
    const Duration delay = kDelays[ends_];
    if (ends_ + 1 < kDelays.size()) ++ends_;
    return delay;
  }

 private:
  std::size_t ends_ = 0;  // in a row, at most kDelays.size() - 1
};

}  // namespace shardkeeper::platform::local
