#include "agent/core/command_runner.h"

#include "tests/support/fake_peer_calls.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"
#include "tests/support/fake_volume.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using command::FailoverMode;
using test::FakeServerPort;
using test::id_text;
using test::node_id;

class CommandRunnerTest : public testing::Test {
 protected:
  CommandRunnerTest() {
    server_.connect();
    volume_.start_server();
    server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 7, "200-299");
  }

  // "done", "already so" or the error.
  std::string run(const command::Command& command) {
    std::string result = "never finished";
    runner_.run(command, [&](Result<command::Outcome> outcome) {
      outcome_ = outcome;
      result = !outcome ? to_string(outcome.error()) : outcome->already_so ? "already so" : "done";
    });
    scheduler_.run_posted();
    return result;
  }
  void become_replica_of_b() {
    server_.role = "slave";
    server_.flags = "myself,slave";
    server_.primary = id_text('b');
    state_.replication.has_synced = true;
  }

  CoreConfig config_;
  test::FakeScheduler scheduler_;
  FakeServerPort server_{scheduler_};
  test::FakeVolume volume_;
  TicketBook tickets_;
  NodeState state_;
  std::optional<Result<command::Outcome>> outcome_;
  test::FakePeerCalls peers_{scheduler_};
  Migrator migrator_{config_, scheduler_, server_, {}, peers_, {[this]() -> const NodeState& { return state_; }, [] {}}};
  Functions functions_{scheduler_, server_, peers_, [] {}};
  LiveSettings settings_{server_};
  CommandRunner runner_{scheduler_, server_,    volume_,   tickets_,
                        migrator_,  functions_, settings_, [this]() -> const NodeState& { return state_; }};
};

TEST_F(CommandRunnerTest, SetsTheConfigEpochOnce) {
  server_.other_rows.clear();
  EXPECT_EQ(run(command::SetConfigEpoch{Epoch{3}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER SET-CONFIG-EPOCH 3");
  server_.epoch = 3;
  EXPECT_EQ(run(command::SetConfigEpoch{Epoch{3}}), "already so");
}

TEST_F(CommandRunnerTest, BumpsTheEpochOfAServerThatWasMetWithoutOne) {
  EXPECT_EQ(run(command::SetConfigEpoch{Epoch{3}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER BUMPEPOCH");
}

TEST_F(CommandRunnerTest, RaisesTheEpochOfAnOwnerOfSlotsOnce) {
  server_.epoch = 3;
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{2}}), "already so");
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), "raise-epoch: this node is no primary with slots");
  EXPECT_EQ(server_.orders_text(), "");
  server_.slots = "0-100";
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER BUMPEPOCH");
  server_.may_bump = false;
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), "raise-epoch: the server says STILL 4: it has not heard of a higher epoch yet");
}

const NodeId kTarget = NodeId::parse(std::string(40, 'b')).value();

TEST_F(CommandRunnerTest, RaisesNoEpochWhileSlotsOrTheShardChangeHands) {
  server_.epoch = 3;
  server_.slots = "0-100";
  const std::string refused = "raise-epoch: this node is fenced, or its shard or a slot of it changes hands";
  state_.fenced = true;
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), refused);
  state_.fenced = false;
  state_.migration = MigrationProgress{.job = "m-1-1", .target_node = kTarget, .slots = SlotSet::of(1, 1)};
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), refused);
  state_.migration.reset();
  ASSERT_EQ(run(command::TakeTicket{{PodName("cache-b"), command::FailoverMode::kForce, "agent:cache-b", std::chrono::seconds(1)}}),
            "done");
  EXPECT_EQ(run(command::RaiseEpoch{Epoch{3}}), refused);
  EXPECT_EQ(server_.orders_text(), "");
}

TEST_F(CommandRunnerTest, PassesOnTheServersWords) {
  server_.other_rows.clear();
  server_.errors = {{"CLUSTER SET-CONFIG-EPOCH", "ERR Node config epoch is already non-zero"}};
  EXPECT_EQ(run(command::SetConfigEpoch{Epoch{3}}), "CLUSTER SET-CONFIG-EPOCH: ERR Node config epoch is already non-zero");
  EXPECT_EQ(outcome_->error().kind, ErrorKind::kRefused);
  server_.errors = {{"CLUSTER", "LOADING Valkey is loading the dataset in memory"}};
  run(command::SetConfigEpoch{Epoch{3}});
  EXPECT_EQ(outcome_->error().kind, ErrorKind::kUnavailable);
  server_.disconnect();
  run(command::SetConfigEpoch{Epoch{3}});
  EXPECT_EQ(outcome_->error().kind, ErrorKind::kUnavailable);
}

TEST_F(CommandRunnerTest, MeetsWhoIsMissing) {
  const command::Meet meet{{{"127.0.0.2", 6379, 16379}, {"127.0.0.3", 6379, 16379}, {"127.0.0.4", 6379, 16379}}};
  EXPECT_EQ(run(meet), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER MEET 127.0.0.3 6379 16379, CLUSTER MEET 127.0.0.4 6379 16379");
  server_.orders.clear();
  EXPECT_EQ(run(command::Meet{{{"127.0.0.2", 6379, 16379}}}), "already so");
  server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master,fail", "-", 7);
  EXPECT_EQ(run(command::Meet{{{"127.0.0.2", 6379, 16379}}}), "done") << "a new node may have the dead one's address";
}

TEST_F(CommandRunnerTest, AddsTheSlotsThatAreMissing) {
  server_.slots = "0-49";
  SlotSet wanted = SlotSet::of(0, 99);
  wanted.add(150);
  EXPECT_EQ(run(command::AddSlots{wanted}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER ADDSLOTSRANGE 50 99 150 150");
  EXPECT_EQ(run(command::AddSlots{SlotSet::of(10, 20)}), "already so");
}

TEST_F(CommandRunnerTest, ReplicatesOnlyWhenNothingIsLost) {
  EXPECT_EQ(run(command::Replicate{node_id('b')}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER REPLICATE " + id_text('b'));
  server_.keys = 4;
  EXPECT_EQ(run(command::Replicate{node_id('b')}), "replicate: this primary holds 4 keys, which would be lost");
  server_.slots = "0-9";
  EXPECT_EQ(run(command::Replicate{node_id('b')}), "replicate: this node owns 10 slots; move them first");
}

TEST_F(CommandRunnerTest, MovesAReplicaToAnotherPrimary) {
  become_replica_of_b();
  server_.keys = 4;
  EXPECT_EQ(run(command::Replicate{node_id('b')}), "already so");
  EXPECT_EQ(run(command::Replicate{node_id('c')}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER REPLICATE " + id_text('c'));
}

TEST_F(CommandRunnerTest, FailsOverASyncedReplica) {
  become_replica_of_b();
  EXPECT_EQ(run(command::Failover{FailoverMode::kGraceful, node_id('b'), Epoch{7}, {}}), "done");
  EXPECT_EQ(run(command::Failover{FailoverMode::kForce, node_id('b'), Epoch{7}, {}}), "done");
  EXPECT_EQ(run(command::Failover{FailoverMode::kTakeover, node_id('b'), Epoch{8}, {}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER FAILOVER, CLUSTER FAILOVER FORCE, CLUSTER FAILOVER TAKEOVER");
}

TEST_F(CommandRunnerTest, RefusesAFailoverThatIsLateOrDangerous) {
  EXPECT_EQ(run(command::Failover{FailoverMode::kForce, node_id('b'), Epoch{7}, {}}),
            "failover: this node is not a replica of bbbbbbbb (any more)");
  become_replica_of_b();
  EXPECT_EQ(run(command::Failover{FailoverMode::kForce, node_id('c'), Epoch{7}, {}}),
            "failover: this node is not a replica of cccccccc (any more)");
  EXPECT_EQ(run(command::Failover{FailoverMode::kForce, node_id('b'), Epoch{6}, {}}),
            "failover: the shard's epoch is 7 already, asked was 6");
  state_.replication.has_synced = false;
  EXPECT_EQ(run(command::Failover{FailoverMode::kForce, node_id('b'), Epoch{7}, {}}),
            "failover: this replica has not finished a sync with its primary");
  EXPECT_TRUE(server_.orders.empty());
}

TEST_F(CommandRunnerTest, FailsOverToAnOldCopyOnlyByAPersonsWord) {
  become_replica_of_b();
  state_.replication.has_synced = false;
  command::Failover wanted{FailoverMode::kForce, node_id('b'), Epoch{7}, {}, true};
  EXPECT_EQ(run(wanted), "failover: this replica holds no old copy: it is empty, or in the middle of a sync");
  state_.keys = 9;
  state_.replication.sync_in_progress = true;
  EXPECT_EQ(run(wanted), "failover: this replica holds no old copy: it is empty, or in the middle of a sync");
  state_.replication.sync_in_progress = false;
  EXPECT_EQ(run(wanted), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER FAILOVER FORCE");
}

TEST_F(CommandRunnerTest, ForgetsWhomItKnows) {
  EXPECT_EQ(run(command::Forget{{node_id('b'), node_id('c')}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER FORGET " + id_text('b'));
  EXPECT_EQ(run(command::Forget{{node_id('c')}}), "already so");
  server_.errors = {{"CLUSTER FORGET", "ERR Unknown node b"}};
  EXPECT_EQ(run(command::Forget{{node_id('b')}}), "done") << "gone between look and order";
}

TEST_F(CommandRunnerTest, SetsWhatDiffers) {
  EXPECT_EQ(run(command::SetConfig{{{"cluster-node-timeout", "5000"}}}), "already so");
  EXPECT_EQ(run(command::SetConfig{{}}), "already so");
  EXPECT_EQ(run(command::SetConfig{{{"cluster-node-timeout", "500"}, {"min-replicas-to-write", "0"}}}), "done");
  EXPECT_EQ(server_.orders_text(), "CONFIG SET cluster-node-timeout 500 min-replicas-to-write 0");
}

TEST_F(CommandRunnerTest, AppliesEachSettingByItselfAndSaysWhatIsNotInForce) {
  server_.errors = {
      {"CONFIG SET databases", "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"},
      {"CONFIG SET hz", "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer"}};
  const ServerSettingMap wanted{{"databases", "4"}, {"hz", "often"}, {"maxclients", "100"}};
  EXPECT_EQ(run(command::ApplySettings{wanted}), "done");
  EXPECT_EQ(server_.orders_text(), "CONFIG SET maxclients 100") << "the two that it refuses do not keep it from the third";
  EXPECT_EQ(settings_.hash(), hash_settings(wanted));
  auto not_in_force = settings_.not_in_force();
  ASSERT_EQ(not_in_force.size(), 2U);
  EXPECT_EQ(not_in_force[0].name, "databases");
  EXPECT_TRUE(not_in_force[0].needs_new_server);
  EXPECT_EQ(not_in_force[1].name, "hz");
  EXPECT_FALSE(not_in_force[1].needs_new_server);
  EXPECT_NE(not_in_force[1].reason.find("couldn't be parsed"), std::string::npos);

  EXPECT_EQ(run(command::ApplySettings{}), "done") << "nothing can be set back, but it is known now what is wanted";
  not_in_force = settings_.not_in_force();
  ASSERT_EQ(not_in_force.size(), 1U) << "what was never in force is no matter any more";
  EXPECT_EQ(not_in_force[0].name, "maxclients");
  EXPECT_NE(not_in_force[0].reason.find("not in the spec any more"), std::string::npos);
}

TEST_F(CommandRunnerTest, KnowsTheSettingsOfAStartThatItGranted) {
  EXPECT_EQ(settings_.hash(), 0U);
  settings_.granted({{"databases", "4"}});
  EXPECT_EQ(settings_.hash(), hash_settings({{"databases", "4"}}));
  server_.errors = {{"CONFIG SET databases", "ERR can't set immutable config"}};
  EXPECT_EQ(run(command::ApplySettings{{{"databases", "4"}}}), "already so") << "it was started with it";
  EXPECT_TRUE(settings_.not_in_force().empty());
  settings_.process_ended();
  settings_.process_started({{"databases", "4"}});
  EXPECT_EQ(settings_.hash(), 0U) << "who knows what it was told before this agent came";
}

TEST_F(CommandRunnerTest, RemembersNoSettingsThatTheServerCouldNotBeAskedFor) {
  server_.errors = {{"CONFIG SET", "LOADING Valkey is loading the dataset in memory"}};
  EXPECT_NE(run(command::ApplySettings{{{"maxclients", "100"}}}), "done");
  EXPECT_EQ(outcome_->error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(settings_.hash(), 0U);
}

TEST_F(CommandRunnerTest, LiftsTheFence) {
  server_.min_replicas_to_write = 255;
  EXPECT_EQ(run(command::Unfence{1}), "done");
  EXPECT_EQ(server_.min_replicas_to_write, 1);
  EXPECT_EQ(run(command::Unfence{1}), "already so");
}

TEST_F(CommandRunnerTest, ShutsDownOnlyWithoutSlots) {
  server_.slots = "0-9";
  EXPECT_EQ(run(command::Shutdown{}), "shutdown: this primary owns 10 slots; hand over or move them first");
  server_.slots = "";
  EXPECT_EQ(run(command::Shutdown{}), "done");
  EXPECT_EQ(server_.orders_text(), "SHUTDOWN NOSAVE");
  volume_.kill_server();
  EXPECT_EQ(run(command::Shutdown{}), "already so");
}

TEST_F(CommandRunnerTest, GrantsTheNewestRequestOnce) {
  volume_.ask_start("s1");
  EXPECT_EQ(run(command::GrantStart{StartId("s0"), "why"}), "grant: the newest request has another id");
  EXPECT_EQ(run(command::GrantStart{StartId("s1"), "why"}), "done");
  EXPECT_EQ(volume_.evidence(), "why");
  EXPECT_EQ(run(command::GrantStart{StartId("s1"), "why"}), "already so");
  volume_.start_server();
  EXPECT_EQ(run(command::GrantStart{StartId("s1"), "why"}), "grant: a server runs");
}

TEST_F(CommandRunnerTest, GivesTheRunningTicket) {
  const command::Ticket first{PodName("r1"), FailoverMode::kForce, "coordinator:1", std::chrono::seconds(2)};
  const command::Ticket second{PodName("r2"), FailoverMode::kForce, "agent:r2", std::chrono::seconds(2)};
  EXPECT_EQ(run(command::TakeTicket{first}), "done");
  EXPECT_EQ(outcome_->value().ticket, first);
  run(command::TakeTicket{second});
  EXPECT_EQ(outcome_->value().ticket, first);
}

// A failover while slots change their owner may give them back to a source that has begun to delete their keys (Valkey issue 2724).
TEST_F(CommandRunnerTest, GivesNoTicketForAPlannedFailoverWhileSlotsChangeTheirOwner) {
  state_.condition = ServerCondition::kUp;
  state_.version = ServerVersion{9, 1, 2};
  const command::TakeTicket planned{{PodName("r1"), FailoverMode::kGraceful, "coordinator:1", std::chrono::seconds(2)}};
  for (const std::string state : {"failover-paused", "failover-granted", "failover-requested"}) {
    server_.migrations = {{"IMPORT", "5-9", state}};
    EXPECT_EQ(run(planned), "failover: slots 5-9 change their owner at this moment") << state;
    server_.migrations[0].operation = "EXPORT";
    EXPECT_EQ(run(planned), "failover: slots 5-9 change their owner at this moment") << state;
  }
  EXPECT_FALSE(tickets_.running(scheduler_.now()));
  EXPECT_EQ(server_.orders_text(), "") << "a migration that is so far is not called off";

  server_.migrations = {{"IMPORT", "5-9", "receiving-snapshot"}, {"EXPORT", "0-4", "success"}};
  EXPECT_EQ(run(planned), "done");
  EXPECT_EQ(server_.orders_text(), "");
}

TEST_F(CommandRunnerTest, CallsOffMigrationsBeforeAPlannedFailover) {
  state_.condition = ServerCondition::kUp;
  state_.version = ServerVersion{9, 1, 2};
  server_.migrations = {{"EXPORT", "5-9", "replicating"}};
  EXPECT_EQ(run(command::TakeTicket{{PodName("r1"), FailoverMode::kGraceful, "coordinator:1", std::chrono::seconds(2)}}), "done");
  EXPECT_EQ(server_.orders_text(), "CLUSTER CANCELSLOTMIGRATIONS");
  EXPECT_EQ(run(command::StartMigration{{.id = "m", .slots = SlotSet::of(5, 9), .target_node = node_id('b')}}),
            "start-migration: a promotion of r1 is under way; no slots move meanwhile");
}

TEST_F(CommandRunnerTest, BoundsWhatIsUnderWay) {
  server_.is_silent = true;
  int failed = 0;
  for (int i = 0; i <= CommandRunner::kUnderWayMax; ++i)
    runner_.run(command::Forget{{node_id('b')}}, [&](const Result<command::Outcome>& outcome) { failed += outcome ? 0 : 1; });
  EXPECT_EQ(failed, 1);
  server_.disconnect();
  EXPECT_EQ(failed, CommandRunner::kUnderWayMax + 1);
}

}  // namespace
}  // namespace shardkeeper::agent
