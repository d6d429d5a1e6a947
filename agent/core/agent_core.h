// The agent without IO: watches one server through ports, says what it sees, does what it is told. See agent/README.md.
#pragma once

#include "agent/core/accounts.h"
#include "agent/core/alive.h"
#include "agent/core/assemble.h"
#include "agent/core/command_runner.h"
#include "agent/core/core_config.h"
#include "agent/core/fence_keeper.h"
#include "agent/core/functions.h"
#include "agent/core/hand_over.h"
#include "agent/core/last_chooser.h"
#include "agent/core/live_settings.h"
#include "agent/core/sampler.h"
#include "agent/core/server_tls.h"
#include "agent/core/watchers.h"
#include "agent/migrate/migrator.h"
#include "agent/volume.h"
#include "common/rpc/agent_handler.h"
#include "common/rpc/peer_calls.h"
#include "common/time/scheduler.h"
#include "common/valkey/server_port.h"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::agent {

// For metrics: what this agent did since it started.
struct CoreCounters {
  std::uint64_t rounds = 0;
  std::uint64_t rounds_failed = 0;
  std::uint64_t commands = 0;
  std::uint64_t commands_failed = 0;
  std::uint64_t readiness_changes = 0;
};

// THREAD the loop's thread. REQUIRES everything passed in outlives it.
class AgentCore final : public rpc::AgentHandler {
 public:
  // `open_server`: more connections to the same server, for moving slots; empty: `server` is used for that, too.
  AgentCore(CoreConfig config, Scheduler& scheduler, valkey::ServerPort& server, Volume& volume, rpc::PeerCalls& calls,
            OpenServer open_server = {}, OpenRelay open_relay = {});

  void execute(const rpc::Caller& caller, FenceToken token, command::Command command, rpc::AgentLink::Done done) override;
  void sample(bool want_view, Sampled done) override;
  void watch_opened(std::uint64_t stream, Push push) override;
  void watch_message(std::uint64_t stream, const rpc::FromCoordinator& message) override;
  void watch_closed(std::uint64_t stream) override { watchers_.close(stream); }

  // The users' file was read, or could not be. Never called where there is none.
  void users_read(const Result<std::string>& text) { accounts_.want(text); }
  // The server's TLS files were read, see ServerTls::want. Never called where it has none.
  void tls_read(const std::string& folder, const Result<std::string>& text) { tls_.want(folder, text); }

  // Before the server is stopped: see HandOver::join and leave.
  int hand_over(HandOver::Say say);
  void leave_hand_over(int id) { hand_over_.leave(id); }

  // Newest known; without nonce and view.
  const NodeState& state() const { return state_; }
  const ServerMemory& memory() const { return memory_; }
  const CoreCounters& counters() const { return counters_; }
  const std::vector<rpc::Peer>& peers() const { return peers_; }
  const MigrationCounters& migration_counters() const { return migrator_.counters(); }

 private:
  struct Waiter {
    std::uint64_t round;  // the first one that answers
    bool wants_view;
    Sampled done;
  };

  void on_gate_change();
  void on_connection();
  void on_round(std::uint64_t number, Result<Round> round);
  void on_tick();
  std::uint64_t ask_now();
  void refresh();
  void observe_gate(const GateState& gate);
  void process_ended();
  void process_started();
  void adopt(NodeState next);
  void keep_life();
  void consider_fence();
  void answer_waiters(std::uint64_t round, const std::optional<Error>& failure);
  bool knows_without_asking() const;
  PaceInput pace_input() const;
  bool is_calm() const;
  void watch_failover();
  void arm_tick();
  void note_change() { last_change_ = scheduler_.now(); }
  Result<void> heed_token(FenceToken token);
  void run(const command::Command& command, rpc::AgentLink::Done done);
  std::chrono::milliseconds coordinator_silent_for() const;

  const CoreConfig config_;
  Scheduler& scheduler_;
  valkey::ServerPort& server_;
  Volume& volume_;

  ServerMemory memory_;
  std::optional<LastLife> last_life_;  // of the process that ended last
  std::optional<LastLife> kept_life_;  // as written last
  NodeState state_;
  CoreCounters counters_;
  TimePoint last_change_;
  std::optional<TimePoint> last_failover_;
  std::string last_failure_;  // logged once, not every second

  std::vector<rpc::Peer> peers_;
  TimePoint coordinator_heard_;                    // the start of this agent, before the first word
  std::chrono::milliseconds node_timeout_{5'000};  // as the coordinator says; the server's own is lower while a cluster is created

  TicketBook tickets_;
  Sampler sampler_;
  Watchers watchers_;
  FenceKeeper fence_;
  Migrator migrator_;
  Functions functions_;
  LiveSettings settings_;
  Accounts accounts_;
  ServerTls tls_;
  CommandRunner commands_;
  LastChooser chooser_;
  HandOver hand_over_;
  std::list<Waiter> waiters_;
  std::unique_ptr<Timer> tick_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
