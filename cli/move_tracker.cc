#include "cli/move_tracker.h"

#include <algorithm>

namespace shardkeeper::cli {
namespace {

constexpr std::int64_t kWindowMs = 15'000;  // rates are those of this last while
constexpr std::int64_t kRateFromMs = 1'000;

std::uint64_t grown(std::uint64_t before, std::uint64_t now) { return now > before ? now - before : 0; }

// `bytes` of `part` keys, for `whole` keys. In floating point: it is an estimate, and the product need not fit.
std::uint64_t scaled(std::uint64_t bytes, std::uint64_t whole, std::uint64_t part) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * static_cast<double>(whole) / static_cast<double>(part));
}

// A job that hands over all its slots at its end is not idle until then.
double under_way(const admin::v1::MigrationJob& job) {
  if (job.keys_total() == 0) return 0;
  const double part = static_cast<double>(std::min(job.keys_done(), job.keys_total())) / static_cast<double>(job.keys_total());
  return std::max(0.0, job.slots_total() * part - job.slots_done());
}

}  // namespace

void MoveTracker::weigh_jobs(const admin::v1::Migration& migration) {
  std::map<std::pair<int, std::string>, Counts> running;
  for (const auto& job : migration.jobs()) {
    const auto key = std::pair(job.from(), job.slots());
    const auto before = jobs_.find(key);
    const Counts last = before == jobs_.end() ? Counts{} : before->second;
    seen_.keys += grown(last.keys, job.keys_done());
    seen_.bytes += grown(last.bytes, job.bytes_done());
    running[key] = {job.keys_done(), job.bytes_done()};
  }
  jobs_ = std::move(running);
}

render::MoveProgress MoveTracker::observe(const admin::v1::Migration& migration, std::int64_t now_ms) {
  weigh_jobs(migration);
  const int left = std::max(0, migration.slots_left());
  total_.slots = std::max(total_.slots, left);
  total_.keys = std::max(total_.keys, migration.keys_left());
  render::MoveProgress progress{.slots_done = total_.slots - left, .slots_total = total_.slots};
  for (const auto& job : migration.jobs()) progress.slots_under_way += under_way(job);
  progress.keys_done = total_.keys - migration.keys_left();
  if (seen_.keys > 0) progress.bytes_done = scaled(seen_.bytes, progress.keys_done, seen_.keys);

  const double moved = progress.slots_done + progress.slots_under_way;
  samples_.push_back({now_ms, moved, progress.bytes_done});
  while (samples_.size() > 2 && now_ms - samples_.front().ms > kWindowMs) samples_.pop_front();
  const Sample& first = samples_.front();
  const std::int64_t elapsed = now_ms - first.ms;
  if (elapsed < kRateFromMs) return progress;
  const auto seconds = static_cast<double>(elapsed) / 1000;
  progress.slots_per_second = std::max(0.0, moved - first.slots) / seconds;
  progress.bytes_per_second = static_cast<double>(grown(first.bytes, progress.bytes_done)) / seconds;
  if (progress.slots_per_second > 0 && left > 0)
    progress.left_ms = static_cast<std::int64_t>((progress.slots_total - moved) / progress.slots_per_second * 1000);
  return progress;
}

}  // namespace shardkeeper::cli
