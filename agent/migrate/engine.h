// What moves slots: two engines behind one interface.
#pragma once

#include "agent/decide/render_config.h"
#include "agent/migrate/relay.h"
#include "agent/migrate/server_pool.h"
#include "common/node/migration.h"
#include "common/node/node_state.h"
#include "common/rpc/peer_calls.h"
#include "common/time/scheduler.h"
#include "common/types/server_version.h"

#include <functional>
#include <optional>
#include <string>

namespace shardkeeper::agent {

class SlotSetter;

// What an engine is given; everything referred to outlives it.
struct EngineParts {
  Scheduler& scheduler;
  ServerPool& servers;  // held for the job
  SlotSetter& slots;    // of the own server
  rpc::PeerCalls& calls;
  const OpenRelay* open_relay = nullptr;
  NodeId self;
  std::optional<ServerVersion> version;  // of the own server
  std::chrono::milliseconds node_timeout;
  Login replication;            // servers log in with it at each other
  MigrationProgress& progress;  // the engine fills slots_done, keys, bytes and is_cancelled
  std::function<void()> changed;
  // The last thing that an engine calls; once. `error` is empty when all slots have moved.
  std::function<void(MigrationProgress::Stage stage, std::string error)> ended;
};

// THREAD the loop's. Nothing is called after destruction.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual void start() = 0;
  // Sets progress.is_cancelled. Ends soon with kCancelled, or with kDone when that is quicker. May be called again.
  virtual void cancel() = 0;
  // progress.bytes_per_second has changed: it holds from the next batch or part on, and a pause that the old one asked for ends.
  virtual void throttle() = 0;
};

}  // namespace shardkeeper::agent
