// Asks the server in rounds, one at a time. When to ask is the owner's business.
#pragma once

#include "agent/core/alive.h"
#include "agent/core/round.h"
#include "common/time/scheduler.h"
#include "common/valkey/server_port.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace shardkeeper::agent {

// THREAD the loop's thread. REQUIRES scheduler and server outlive it.
class Sampler {
 public:
  // `number` counts rounds from 1. A light round whose summary differs from that of the last full one is followed by a full one
  // before it is handed out, so nobody sees new counters beside an old table.
  using Done = std::function<void(std::uint64_t number, Result<Round> round)>;
  Sampler(Scheduler& scheduler, valkey::ServerPort& server, Done done) : scheduler_(scheduler), server_(server), done_(std::move(done)) {}

  // RETURNS the number of the round that will answer: one that starts now, or right after the one that is under way (which may
  // have been asked before what the caller wants to see).
  std::uint64_t ask(Depth depth);
  bool is_running() const { return running_.has_value(); }
  // What reading the last round took of this process' time.
  Duration cost() const { return cost_; }
  // From its question to its end.
  Duration time() const { return time_; }

 private:
  struct Running {
    std::uint64_t number = 0;
    Depth depth = Depth::kLight;
    TimePoint begin;
    std::vector<valkey::Reply> replies;
    std::size_t missing = 0;
    std::optional<Error> failure;  // the first one
  };

  void start(Depth depth, std::uint64_t number);
  void on_reply(std::uint64_t number, std::size_t at, Result<valkey::Reply> reply);
  void finish();

  Scheduler& scheduler_;
  valkey::ServerPort& server_;
  Done done_;
  std::optional<Running> running_;
  std::optional<Depth> next_;            // asked for while running
  std::optional<ClusterSummary> known_;  // of the last full round
  std::uint64_t last_number_ = 0;
  Duration cost_{0};
  Duration time_{0};
  Alive alive_;
};

}  // namespace shardkeeper::agent
