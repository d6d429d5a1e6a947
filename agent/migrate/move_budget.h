// How much one MIGRATE moves, and when to move on: it blocks the source's main thread, so none may take long. Pure; times are
// passed in.
#pragma once

#include "common/time/scheduler.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace shardkeeper::agent {

// How long a limit above 0 wants so many bytes to take; an hour at most: 0 < rate < 1 byte/s is nobody's wish.
Duration time_for(std::uint64_t bytes, std::uint64_t bytes_per_second);

class MoveBudget {
 public:
  // What clients of the source may feel of one batch: the aim, not a promise; a big value takes what it takes.
  static constexpr Duration kBatchAim = std::chrono::milliseconds(8);

  explicit MoveBudget(std::uint64_t bytes_per_second) { limit(bytes_per_second); }

  // Another limit from now on; 0: none.
  void limit(std::uint64_t bytes_per_second) {
    bytes_per_second_ = bytes_per_second;
    smooth_max_ = bytes_per_second == 0 ? kBytesMax : std::max(kBytesMin, bytes_per_second / 10);
  }

  // A larger key goes alone.
  std::uint64_t bytes_max() const { return std::min(bytes_max_, smooth_max_); }
  std::size_t keys_max() const { return keys_max_; }

  // How many commands the source has carried out so far that were not the agent's, counted from anywhere. nullopt: it does not say, so that
  // clients are taken to wait.
  void others_sent(std::optional<std::int64_t> commands);
  // The next such number is the first: in between the source did what it counts and nobody asked for (a SETSLOT that waits is carried out
  // twice).
  void count_others_anew() { others_commands_.reset(); }

  // Clients of the source were waiting for it between the last two looks.
  bool do_clients_wait() const { return do_clients_wait_; }

  // A batch was moved and took `elapsed`. RETURNS how long to wait before the next one: what the limit asks for, and where clients wait for
  // the source half as long again as they had to: they lose then no more than beside valkey-cli, for half as long (make bench).
  Duration moved(std::uint64_t bytes, std::size_t keys, Duration elapsed);

 private:
  void adapt(std::uint64_t bytes, std::size_t keys, Duration elapsed);

  static constexpr std::int64_t kFewCommands = 16;  // between two looks: replicas' acknowledgements, calls of the agent under way
  static constexpr std::uint64_t kBytesMin = 16U << 10U;
  static constexpr std::uint64_t kBytesMax = 4U << 20U;
  static constexpr std::size_t kKeysMin = 64;  // small ones take a millisecond; fewer would not make a busy machine quicker
  static constexpr std::size_t kKeysMax = 1000;

  std::uint64_t bytes_per_second_ = 0;    // 0: no limit
  std::uint64_t smooth_max_ = kBytesMax;  // a limit is kept in steps of a tenth of a second, not of minutes
  std::uint64_t bytes_max_ = 256U << 10U;
  std::size_t keys_max_ = 100;
  std::optional<std::int64_t> others_commands_;  // at the last look
  std::int64_t batches_ = 0;                     // since then
  bool do_clients_wait_ = false;
};

}  // namespace shardkeeper::agent
