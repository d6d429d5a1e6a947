// The only way for a test to wait: for a condition, with a deadline.
#pragma once

#include <chrono>
#include <thread>

namespace shardkeeper::test {

// Asks `condition` until it is true. RETURNS false when `deadline` has passed without that; it is asked at least once.
// Sanitizers slow everything down several times: choose deadlines for the failing case, the good case ends early anyway.
template <typename Condition>
[[nodiscard]] bool wait_until(Condition&& condition, std::chrono::milliseconds deadline = std::chrono::seconds(10),
                              std::chrono::milliseconds pause = std::chrono::milliseconds(5)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace shardkeeper::test
