#include "agent/migrate/move_budget.h"

#include <algorithm>

namespace shardkeeper::agent {

Duration time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  const auto due_us = static_cast<double>(bytes) * 1e6 / static_cast<double>(bytes_per_second);
  return Duration(static_cast<Duration::rep>(std::min(due_us, 3.6e9)));
}

// One command a batch: whoever sends its next when the last is answered does so as often as the source listens, however seldom that is.
void MoveBudget::others_sent(std::optional<std::int64_t> commands) {
  if (!commands) do_clients_wait_ = true;
  if (commands && others_commands_) do_clients_wait_ = *commands > *others_commands_ + std::max(batches_, kFewCommands);
  others_commands_ = commands;
  batches_ = 0;
}

Duration MoveBudget::moved(std::uint64_t bytes, std::size_t keys, Duration elapsed) {
  adapt(bytes, keys, elapsed);
  ++batches_;
  const Duration rest = do_clients_wait_ ? elapsed * 3 / 2 : Duration(0);
  if (bytes_per_second_ == 0) return rest;
  return std::max(rest, time_for(bytes, bytes_per_second_) - elapsed);
}

// Halves at once, grows slowly and only by batches that were nearly full: a small one says little about a large one.
void MoveBudget::adapt(std::uint64_t bytes, std::size_t keys, Duration elapsed) {
  if (elapsed > kBatchAim * 3 / 2) {
    bytes_max_ = std::max(kBytesMin, std::min(bytes_max_, bytes) / 2);
    keys_max_ = std::max(kKeysMin, std::min(keys_max_, keys) / 2);
  } else if (elapsed < kBatchAim * 2 / 3) {
    if (bytes * 4 >= bytes_max() * 3) bytes_max_ = std::min(kBytesMax, bytes_max_ * 5 / 4);
    if (keys * 4 >= keys_max_ * 3) keys_max_ = std::min(kKeysMax, keys_max_ * 5 / 4);
  }
}

}  // namespace shardkeeper::agent
