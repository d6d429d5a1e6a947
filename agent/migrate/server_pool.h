// Connections to the agent's server for work that takes long: a client that is blocked in SETSLOT or MIGRATE must not hold up sampling.
#pragma once

#include "agent/core/alive.h"
#include "common/time/scheduler.h"
#include "common/valkey/server_port.h"

#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace shardkeeper::agent {

// Opens one more connection to the server, with the agent's login. Empty: there is none but the agent's own, which is shared then.
using OpenServer = std::function<std::unique_ptr<valkey::ServerPort>()>;

// Opened when first wanted, closed when nobody has held the pool for ten seconds. A connection that the server refuses (maxclients, say) holds
// up nobody: work is shared by those that stand.
// THREAD the loop's. REQUIRES scheduler and shared outlive it.
class ServerPool {
 public:
  // SETSLOT waits for the replicas' acknowledgement, one slot a connection at a time.
  static constexpr std::size_t kPortsMax = 64;

  ServerPool(Scheduler& scheduler, OpenServer open, valkey::ServerPort& shared)
      : scheduler_(scheduler), open_(std::move(open)), shared_(shared) {}

  // Keeps the connections open until as many times released.
  void hold() { ++holders_; }
  void release();

  // `then` comes later: when `count` (at most kPortsMax) connections stand, after 200 ms with fewer, or with kUnavailable when after three
  // seconds none does. REQUIRES the pool is held.
  void want(std::size_t count, std::function<void(Result<void>)> then);

  // How many stand, but at least 1: a call on one that does not gets its error.
  std::size_t size() const;
  // Of all of them and the agent's own since the first was opened.
  std::uint64_t calls_made() const;
  // Of those that stand. REQUIRES index < size(), and a `want` that succeeded.
  valkey::ServerPort& port(std::size_t index);

 private:
  struct Waiter {
    std::size_t count;
    TimePoint since;
    std::function<void(Result<void>)> then;
  };
  bool is_over(const Waiter& waiter) const;
  std::size_t standing() const;
  void look();

  Scheduler& scheduler_;
  OpenServer open_;
  valkey::ServerPort& shared_;
  std::vector<std::unique_ptr<valkey::ServerPort>> ports_;
  int holders_ = 0;
  std::list<Waiter> waiters_;
  std::unique_ptr<Timer> look_again_;  // while somebody waits
  std::unique_ptr<Timer> close_later_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
