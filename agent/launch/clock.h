// Time for deadlines, without the library's clocks: `launch` is to stay small.
#pragma once

#include <ctime>

namespace shardkeeper::launch {

// UNITS milliseconds since some fixed moment; only goes forward.
inline long long now_ms() {
  struct timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

}  // namespace shardkeeper::launch
