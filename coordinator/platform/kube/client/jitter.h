// Chance from an injected seed, and pauses that grow. Pure.
#pragma once

#include "common/time/scheduler.h"

#include <algorithm>
#include <cstdint>

namespace shardkeeper::platform::kube {

class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_(seed | 1U) {}

  // `base`, made longer by up to a quarter.
  Duration longer(Duration base) { return base + base * static_cast<std::int64_t>(draw() % 256) / 1024; }
  // `base`, made shorter by up to a third.
  Duration shorter(Duration base) { return base - base * static_cast<std::int64_t>(draw() % 256) / 768; }

 private:
  // xorshift64: any spread will do. The high bits are the better ones.
  std::uint64_t draw() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_ >> 32U;
  }

  std::uint64_t state_;
};

// Doubles from `first` to `most`.
class Pauses {
 public:
  Pauses(Duration first, Duration most) : first_(first), most_(most), next_(first) {}

  Duration next() {
    const Duration pause = next_;
    next_ = std::min(next_ * 2, most_);
    return pause;
  }
  void reset() { next_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration next_;
};

}  // namespace shardkeeper::platform::kube
