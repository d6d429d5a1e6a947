// What a running process costs, from /proc.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace shardkeeper::bench {

struct ProcessCost {
  double rss_mib = 0;
  double anonymous_mib = 0;         // the part of rss that is not backed by files
  std::chrono::nanoseconds cpu{0};  // of all threads that live now, since they started
};

// Throws std::runtime_error when there is no such process.
ProcessCost cost_of(pid_t pid);

// CPU used over `time` as a percentage of one core.
double idle_cpu_percent(pid_t pid, std::chrono::milliseconds time);

}  // namespace shardkeeper::bench
