// How long passes of the reconcile loops took, as Prometheus counts it.
#pragma once

#include "common/time/scheduler.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shardkeeper::coordinator {

struct PassTimes {
  // Upper ends, in milliseconds; the last bucket has none.
  static constexpr std::array<int, 9> kEndsMs{1, 2, 5, 10, 20, 50, 100, 200, 500};

  std::array<std::uint64_t, kEndsMs.size() + 1> counts{};  // each of its own bucket alone
  Duration sum{0};

  void add(Duration took) {
    const auto fits = [&](int end_ms) { return took <= std::chrono::milliseconds(end_ms); };
    ++counts[static_cast<std::size_t>(std::ranges::find_if(kEndsMs, fits) - kEndsMs.begin())];
    sum += took;
  }
};

}  // namespace shardkeeper::coordinator
