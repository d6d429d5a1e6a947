// The scheduler's wall clock as certificates have it.
#pragma once

#include "common/time/scheduler.h"

#include <chrono>

namespace shardkeeper {

inline std::chrono::sys_seconds wall_clock(const Scheduler& scheduler) {
  return std::chrono::sys_seconds(std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds(scheduler.unix_ms())));
}

}  // namespace shardkeeper
