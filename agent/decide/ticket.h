// The shard's promotion ticket, held by the agent beside the old primary: one chooser at a time. Pure.
#pragma once

#include "common/node/command.h"
#include "common/time/scheduler.h"

#include <optional>

namespace shardkeeper::agent {

class TicketBook {
 public:
  // Shorter would end before a failover can, longer would block the next one for nothing.
  static constexpr std::chrono::milliseconds kValidMin{100};
  static constexpr std::chrono::milliseconds kValidMax{30'000};

  // The ticket that runs now: `wanted` when none did, else the one that was taken before. `valid_for` is what is left of it.
  command::Ticket take(const command::Ticket& wanted, TimePoint now);
  std::optional<command::Ticket> running(TimePoint now) const;

  // The hand-over was refused, or the old primary's process ended: a graceful hand-over can no longer come to an end, and must not
  // hold up a forced one.
  void drop_graceful();
  // Another process serves here now: whatever was promised about the old one is over.
  void process_started() { ticket_.reset(); }

 private:
  std::optional<command::Ticket> ticket_;
  TimePoint expires_;
};

}  // namespace shardkeeper::agent
