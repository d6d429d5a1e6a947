// The agent's part in moving slots: one job away from here at a time, and single steps for others' jobs.
#pragma once

#include "agent/core/alive.h"
#include "agent/core/core_config.h"
#include "agent/migrate/engine.h"
#include "agent/migrate/slot_migrations.h"
#include "agent/migrate/slot_setter.h"
#include "common/node/command.h"
#include "common/node/node_state.h"

#include <functional>
#include <memory>
#include <optional>

namespace shardkeeper::agent {

// For metrics: since this agent started.
struct MigrationCounters {
  std::uint64_t jobs_done = 0;
  std::uint64_t jobs_failed = 0;
  std::uint64_t jobs_cancelled = 0;
  std::uint64_t slots = 0;  // of all jobs
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
};

// THREAD the loop's. REQUIRES everything passed in outlives it.
class Migrator {
 public:
  using Done = rpc::AgentLink::Done;
  struct Node {
    std::function<const NodeState&()> newest;
    std::function<void()> changed;  // of progress(); a few times a second while keys move
  };
  Migrator(const CoreConfig& config, Scheduler& scheduler, valkey::ServerPort& server, OpenServer open, rpc::PeerCalls& calls, Node node,
           OpenRelay open_relay = {})
      : config_(config),
        scheduler_(scheduler),
        server_(server),
        calls_(calls),
        node_(std::move(node)),
        open_relay_(std::move(open_relay)),
        servers_(scheduler, std::move(open), server) {}

  // As command::StartMigration, CancelMigration, ThrottleMigration and SetSlots say.
  void start(const MigrationJob& job, const Done& done);
  void cancel(const std::string& job, const Done& done);
  void throttle(const command::ThrottleMigration& wanted, const Done& done);
  void set_slots(const command::SetSlots& step, const Done& done) { slots_.set(step, done); }

  // Asked before a planned failover of this shard. An atomic migration from or to this server that is at its last step must end first: a
  // failover then may give slots back to a source that has begun to delete their keys (Valkey issue 2724). One that is not so far and goes away
  // from here is called off, so that it does not get there meanwhile; one that comes here fails by the failover, with nothing lost.
  // `then` comes now or later. ERRORS kConflict: not yet, ask again in a moment; else the server did not answer.
  void clear_for_failover(std::function<void(Result<void>)> then);

  // The node's state changed. A job ends when its node is a primary no more; a migration that the server is at since before this agent
  // started is found, once, and followed as job found-<its first eight digits>.
  void look();
  void process_ended();

  const std::optional<MigrationProgress>& progress() const { return progress_; }
  bool is_busy() const { return engine_ != nullptr; }
  const MigrationCounters& counters() const { return counters_; }

 private:
  Result<void> check(const MigrationJob& job) const;
  // Where it does not, `done` has been told.
  bool runs(const std::string& job, const Done& done) const;
  EngineParts parts();
  void begin(std::unique_ptr<Engine> engine);
  void find();
  void clear_for_failover(int looks_left, std::function<void(Result<void>)> then);
  void on_found(const SlotMigration& found);
  void note_progress();
  void ended(MigrationProgress::Stage stage, const std::string& error);

  const CoreConfig& config_;
  Scheduler& scheduler_;
  valkey::ServerPort& server_;
  rpc::PeerCalls& calls_;
  const Node node_;
  const OpenRelay open_relay_;
  ServerPool servers_;
  SlotSetter slots_{scheduler_, servers_};
  std::optional<MigrationProgress> progress_;
  std::unique_ptr<Engine> engine_;  // while a job runs
  std::unique_ptr<Timer> tell_later_;
  MigrationCounters counters_;
  std::uint64_t jobs_ = 0;  // begun: an engine that was given up has nothing more to say
  bool has_looked_for_old_ = false;
  bool told_handing_over_ = false;
  Alive alive_;
};

}  // namespace shardkeeper::agent
