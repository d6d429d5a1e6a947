// FUNCTION libraries: whether nodes have the same ones, and how they get from one to another. They do not travel with slots.
#pragma once

#include "agent/core/alive.h"
#include "agent/core/round.h"
#include "agent/core/server_steps.h"
#include "common/node/command.h"
#include "common/rpc/peer_calls.h"
#include "common/time/scheduler.h"

#include <functional>
#include <optional>

namespace shardkeeper::agent {

// Of FUNCTION LIST WITHCODE: names and code in the order of names; the same on every version. Never 0 unless there are none. Pure.
std::uint64_t hash_functions(const valkey::Reply& libraries);

// THREAD the loop's. REQUIRES everything passed in outlives it.
class Functions {
 public:
  // `changed`: hash() is another one.
  Functions(Scheduler& scheduler, valkey::ServerPort& server, rpc::PeerCalls& calls, std::function<void()> changed)
      : scheduler_(scheduler), server_(server), calls_(calls), steps_(server), changed_(std::move(changed)) {}

  // After a full round: reads the libraries anew when their number or memory is another one, or after half a minute. Where they are large
  // the numbers have to do.
  void look(const ServerNumbers& numbers);
  void forget();
  std::uint64_t hash() const { return hash_; }

  void copy(const command::CopyFunctions& copy, const Done& done);
  void restore(const command::RestoreFunctions& restore, const Done& done);

 private:
  void adopt(std::uint64_t hash);

  Scheduler& scheduler_;
  valkey::ServerPort& server_;
  rpc::PeerCalls& calls_;
  ServerSteps steps_;
  const std::function<void()> changed_;
  std::uint64_t hash_ = 0;
  FunctionNumbers seen_;
  std::optional<TimePoint> read_at_;
  bool is_reading_ = false;
  Alive alive_;
};

}  // namespace shardkeeper::agent
