// From one status after the other to progress: how much is done, how fast, how long it will take.
#pragma once

#include "cli/render/progress.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace shardkeeper::cli {

// What a plan expects to move.
struct Expected {
  int slots = 0;
  std::uint64_t keys = 0;
};

class MoveTracker {
 public:
  // Where more is seen to be left than expected, that counts.
  explicit MoveTracker(Expected expected) : total_(expected) {}

  // `now_ms` does not go back. What comes in addition (a changed spec, a move that was undone) raises the total. Keys are the
  // coordinator's estimate; bytes are reckoned from the keys and bytes of jobs that were seen, for not every job is seen to its end.
  render::MoveProgress observe(const admin::v1::Migration& migration, std::int64_t now_ms);

 private:
  struct Counts {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
  };
  struct Sample {
    std::int64_t ms = 0;
    double slots = 0;
    std::uint64_t bytes = 0;
  };
  void weigh_jobs(const admin::v1::Migration& migration);

  Expected total_;
  std::map<std::pair<int, std::string>, Counts> jobs_;  // by source and slots: as last seen of those that run
  Counts seen_;                                         // of all jobs, while somebody looked
  std::deque<Sample> samples_;
};

}  // namespace shardkeeper::cli
