// Carries out commands: each looks first, then acts only where something is missing. Who may command is checked before.
#pragma once

#include "agent/core/alive.h"
#include "agent/core/core_config.h"
#include "agent/core/functions.h"
#include "agent/core/live_settings.h"
#include "agent/core/server_steps.h"
#include "agent/decide/ticket.h"
#include "agent/migrate/migrator.h"
#include "agent/volume.h"
#include "common/node/node_state.h"

#include <functional>

namespace shardkeeper::agent {

// THREAD the loop's thread. REQUIRES everything passed in outlives it.
class CommandRunner {
 public:
  // More at once are refused with kUnavailable: a server that does not answer must not collect work.
  static constexpr int kUnderWayMax = 16;

  CommandRunner(Scheduler& scheduler, valkey::ServerPort& server, Volume& volume, TicketBook& tickets, Migrator& migrator,
                Functions& functions, LiveSettings& settings, std::function<const NodeState&()> newest)
      : scheduler_(scheduler),
        volume_(volume),
        tickets_(tickets),
        migrator_(migrator),
        functions_(functions),
        settings_(settings),
        newest_(std::move(newest)),
        steps_(server) {}

  // RETURNS through `done`, exactly once unless this object is destroyed before. Finished means accepted by the server; what came of
  // it shows in the node's state. Failover and Shutdown take effect later.
  void run(const command::Command& command, Done done);

 private:
  void on(const command::GrantStart& grant, const Done& done);
  void on(const command::SetConfigEpoch& wanted, const Done& done);
  void on(const command::RaiseEpoch& wanted, const Done& done);
  void on(const command::Meet& meet, const Done& done);
  void on(const command::AddSlots& add, const Done& done);
  void on(const command::Replicate& replicate, const Done& done);
  void on(const command::TakeTicket& take, const Done& done);
  void on(const command::Failover& failover, const Done& done);
  void on(const command::Forget& forget, const Done& done);
  void on(const command::SetConfig& set, const Done& done);
  void on(const command::ApplySettings& apply, const Done& done) { settings_.apply(apply.settings, done); }
  void on(const command::Shutdown& shutdown, const Done& done);
  void on(const command::Unfence& unfence, const Done& done);
  void on(const command::StartMigration& start, const Done& done);
  void on(const command::CancelMigration& cancel, const Done& done) { migrator_.cancel(cancel.job, done); }
  void on(const command::ThrottleMigration& throttle, const Done& done) { migrator_.throttle(throttle, done); }
  void on(const command::SetSlots& set, const Done& done) { migrator_.set_slots(set, done); }
  void on(const command::CopyFunctions& copy, const Done& done) { functions_.copy(copy, done); }
  void on(const command::RestoreFunctions& restore, const Done& done) { functions_.restore(restore, done); }
  void replicate_if_empty(const NodeId& primary, const Done& done);
  void set_settings(const std::map<std::string, std::string>& settings, const Done& done);

  Scheduler& scheduler_;
  Volume& volume_;
  TicketBook& tickets_;
  Migrator& migrator_;
  Functions& functions_;
  LiveSettings& settings_;
  std::function<const NodeState&()> newest_;
  int under_way_ = 0;
  ServerSteps steps_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
