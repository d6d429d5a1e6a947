// What a write checker found out, for tests, people and programs.
#pragma once

#include "common/types/slot_set.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardkeeper::test {

// The longest time in which no write to a group of slots was acknowledged, while its writer was trying.
struct WriteGap {
  std::chrono::microseconds length{0};
  std::chrono::steady_clock::time_point began{};  // the acknowledgement before it
  std::chrono::steady_clock::time_point ended() const { return began + length; }
};

struct GroupReport {
  std::string name;
  SlotSet slots;
  std::uint64_t acknowledged = 0;
  WriteGap longest_gap;
};

struct Percentiles {
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
};

struct WriteReport {
  std::uint64_t requests = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;                       // not acknowledged within the client's patience, or refused
  std::map<std::string, std::uint64_t> failures;  // the reasons, at most 20 different ones
  std::uint64_t retried = 0, moved = 0, asked = 0, reconnected = 0;
  std::chrono::milliseconds duration{0};
  Percentiles latency;  // of acknowledged requests, all retries included
  std::vector<GroupReport> groups;

  // Filled by verify().
  std::uint64_t lost = 0;        // acknowledged, and now the key is absent or holds an older value
  std::uint64_t wrong = 0;       // keys that hold what nobody wrote there
  std::uint64_t unreadable = 0;  // keys that could not be read back
  std::map<std::string, std::uint64_t> lost_by_group;
  std::vector<std::string> examples;  // at most 20 keys of the three kinds, with what was expected

  // Nothing lost, wrong, unreadable or failed.
  bool is_clean() const { return lost == 0 && wrong == 0 && unreadable == 0 && failed == 0; }
};

// Sorts `latencies`. Percentiles are of the nearest rank; all 0 for an empty list.
Percentiles percentiles_of(std::vector<std::uint32_t>& latencies_us);

// Several lines for people, with a last line that says "clean" or what is wrong.
std::string to_text(const WriteReport& report);
// One JSON object; times in milliseconds, names as in WriteReport.
std::string to_json(const WriteReport& report);

}  // namespace shardkeeper::test
