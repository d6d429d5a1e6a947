// How far moving slots is: a bar with numbers, and the jobs that run.
#pragma once

#include "cli/render/look.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::cli::render {

// Since somebody began to look.
struct MoveProgress {
  int slots_done = 0;
  int slots_total = 0;
  double slots_under_way = 0;  // what running jobs have done of slots that are not the taker's yet: by their keys
  std::uint64_t keys_done = 0;
  std::uint64_t bytes_done = 0;  // over the wire; 0 where the engine cannot tell
  double slots_per_second = 0;   // of the last seconds
  double bytes_per_second = 0;
  std::optional<std::int64_t> left_ms;  // none: not known yet

  // 100 only when all have moved.
  int percent() const {
    if (slots_done >= slots_total) return 100;
    return std::min(99, static_cast<int>((slots_done + slots_under_way) * 100 / slots_total));
  }
  bool operator==(const MoveProgress&) const = default;
};

// "50 %  2,048 of 4,096 slots · 150,000 keys · 19 MiB · 3.1 MiB/s · 12s left"; one line without its end.
std::string draw_numbers(const MoveProgress& progress, const Look& look);

// A bar before the numbers, as wide as the terminal allows; one line with its end.
std::string draw_bar(const MoveProgress& progress, const Look& look);

// One sentence a running job, and one for what has not begun; for the status and below a bar.
std::vector<std::string> move_sentences(const admin::v1::Migration& migration);

}  // namespace shardkeeper::cli::render
