// When to try again. Pure: time and chance come from outside.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace shardkeeper::rpc {

// Doubles from 20 ms to 1 s; in the first 3 s of a trouble it stays at 50 ms or below, because most troubles are a pod that is
// just starting. Each pause is shortened by up to a quarter by chance, so that hundreds of links do not try in step.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{20};
  static constexpr std::chrono::milliseconds kMaxAtFirst{50};
  static constexpr std::chrono::milliseconds kMax{1000};
  static constexpr std::chrono::milliseconds kAtFirst{3000};

  // Different seeds give different jitter.
  explicit Backoff(std::uint32_t seed) : chance_(seed | 1U) {}

  // `since_trouble`: how long nothing has worked. RETURNS the pause before the next try.
  std::chrono::microseconds next(std::chrono::microseconds since_trouble) {
    const std::chrono::microseconds most = since_trouble < kAtFirst ? kMaxAtFirst : kMax;
    const auto pause = std::min(pause_, most);
    pause_ = std::min<std::chrono::microseconds>(pause * 2, kMax);
    return pause - pause * static_cast<int>(draw() % 256) / 1024;
  }
  void reset() { pause_ = kFirst; }

 private:
  // xorshift32: any spread will do.
  std::uint32_t draw() {
    chance_ ^= chance_ << 13U;
    chance_ ^= chance_ >> 17U;
    chance_ ^= chance_ << 5U;
    return chance_;
  }

  std::uint32_t chance_;
  std::chrono::microseconds pause_ = kFirst;
};

}  // namespace shardkeeper::rpc
