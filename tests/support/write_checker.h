// A cluster-aware client that writes, remembers every acknowledged write, and reads all of them back.
#pragma once

#include "tests/support/slot_writer.h"
#include "tests/support/write_report.h"

#include <chrono>
#include <memory>
#include <vector>

namespace shardkeeper::test {

// THREAD start, stop, verify on one thread; the rest on any.
class WriteChecker {
 public:
  explicit WriteChecker(WriteCheckerOptions options);
  ~WriteChecker();
  WriteChecker(const WriteChecker&) = delete;
  WriteChecker& operator=(const WriteChecker&) = delete;

  // Learns the topology and starts the writers. ERRORS kUnavailable: no seed answers or nobody serves any slot.
  Result<void> start();
  // Ends the writers after their current request and returns what is known so far: nothing is read back yet.
  WriteReport stop();
  // Reads every acknowledged key back (with the same patience) and completes the report. REQUIRES stopped.
  WriteReport verify();

  std::uint64_t acknowledged() const;
  // Acknowledged writes of the group that `slot` belongs to.
  std::uint64_t acknowledged_in(int slot) const;
  // The longest gap of the group that `slot` belongs to, since the start or the last forget_gaps(); the one still open counts.
  WriteGap longest_gap(int slot) const;
  void forget_gaps();

 private:
  SlotWriter* writer_of(int slot) const;

  WriteCheckerOptions options_;
  std::vector<std::unique_ptr<SlotWriter>> writers_;
  std::chrono::steady_clock::time_point began_{};
  WriteReport report_;
};

}  // namespace shardkeeper::test
