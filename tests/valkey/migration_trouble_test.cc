// Slots on their way between real servers when something goes wrong, or somebody changes their mind: what is left, and that another job
// finishes it.
#include "tests/valkey/migration_fixture.h"

#include <gtest/gtest.h>

#include <csignal>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Stage = MigrationProgress::Stage;

// A job of one window, slow enough to be in the middle of.
class MigrationUnderWay : public Migration {
 protected:
  MigrationUnderWay() { slots_filled_ = slots_.count(); }

  // Returns when some keys have moved and some have not.
  void start_slowly() {
    make_cluster();
    ASSERT_FALSE(HasFatalFailure());
    fill(strings_ = 5'000);
    auto slow = job(slots_);
    slow.bytes_per_second = 100'000;
    ASSERT_EQ(source().execute(command::StartMigration{slow}), "done");
    ASSERT_TRUE(until([&] { return source().state().migration->keys_done > 300 && !source().state().open_slots.empty(); }));
    ASSERT_EQ(source().state().migration->stage, Stage::kRunning);
  }
  // Whatever happened: a later job finishes it, and nothing is missing.
  void expect_finished_by(const std::string& id) {
    const auto ended = run(job(slots_, id));
    ASSERT_EQ(ended.stage, Stage::kDone) << ended.error;
    ASSERT_TRUE(until_views_agree(slots_));
    expect_all(strings_);
  }
  const SlotSet slots_ = SlotSet::of(0, 199);
  int strings_ = 0;
};

TEST_P(MigrationUnderWay, OneAtATime) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(source().execute(command::StartMigration{job(SlotSet::of(9'000, 9'001), "m-2")}),
            "migration m-2: job m-1-1 runs; one at a time moves slots away from a node");
  EXPECT_EQ(source().execute(command::CancelMigration{"m-2"}), "migration m-2: another one runs: m-1-1");
  EXPECT_EQ(source().execute(command::StartMigration{job(slots_)}), "already so");
}

TEST_P(MigrationUnderWay, AnotherLimitHoldsAtOnce) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(source().execute(command::ThrottleMigration{"m-2", 1}), "migration m-2: another one runs: m-1-1");
  EXPECT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 100'000}), "already so");
  EXPECT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 0}), "done");
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.stage, Stage::kDone) << ended.error;
  EXPECT_EQ(ended.bytes_per_second, 0U);
  EXPECT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 1}), "already so") << "nothing runs";
}

TEST_P(MigrationUnderWay, CancelledClosesWhatIsOpen) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(source().execute(command::CancelMigration{"m-1-1"}), "done");
  EXPECT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 0}), "done") << "else its patience would end first";
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.error, "");
  EXPECT_TRUE(until([&] { return source().state().open_slots.empty() && target().state().open_slots.empty(); }));
  EXPECT_TRUE(until([&] { return source().state().slots.count() + target().state().slots.count() == kSlotCount; }));
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, CancelledLeavesEverySlotWithAnOwnerWhenPatienceEnds) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 1'000}), "done");
  EXPECT_EQ(source().execute(command::CancelMigration{"m-1-1"}), "done");
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.stage, Stage::kCancelled) << ended.error;
  EXPECT_TRUE(until([&] { return source().state().open_slots.size() < 150; })) << "slots that nothing has left are as before";
  EXPECT_TRUE(until([&] { return source().state().slots.count() + target().state().slots.count() == kSlotCount; }));
  EXPECT_NE(ended.error.find("left half moved"), std::string::npos) << ended.error;
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, GoesOnAfterTheSourcesAgentCameBack) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  source().stop_agent();
  source().start_agent();
  ASSERT_TRUE(until([&] { return source().state().condition == ServerCondition::kUp; }));
  EXPECT_EQ(source().state().open_slots.size(), 200U) << "what is half moved is seen";
  EXPECT_FALSE(source().state().migration) << "no job is known any more";
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, OutlastsACutConnection) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  for (int i = 0; i < 3; ++i) {
    const auto moved = source().state().migration->keys_done;
    source().cut_clients();
    target().cut_clients();
    ASSERT_TRUE(until([&] { return source().state().migration->keys_done > moved + 100; })) << source().state().migration->error;
  }
  ASSERT_EQ(source().execute(command::CancelMigration{"m-1-1"}), "done");
  ASSERT_EQ(source().execute(command::ThrottleMigration{"m-1-1", 0}), "done");
  wait_for("m-1-1");
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, FailsWhenTheTargetsAgentIsGone) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  target().stop_agent();
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.stage, Stage::kFailed);
  EXPECT_NE(ended.error.find("left half moved"), std::string::npos) << ended.error;
  target().start_agent();
  ASSERT_TRUE(until([&] { return target().state().condition == ServerCondition::kUp; }));
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, FailsWhenTheTargetsServerStops) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  target().signal_server(SIGSTOP);
  const auto ended = wait_for("m-1-1");
  target().signal_server(SIGCONT);
  EXPECT_EQ(ended.stage, Stage::kFailed);
  EXPECT_NE(ended.error.find("MIGRATE of "), std::string::npos) << ended.error;
  EXPECT_NE(ended.error.find("left half moved"), std::string::npos) << ended.error;
  ASSERT_TRUE(until([&] { return source().state().readiness.is_ready() && target().state().readiness.is_ready(); }));
  expect_finished_by("m-1-2");
}

TEST_P(MigrationUnderWay, EndsWithItsServer) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  source().kill_server();
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.error, "the server of the source ended");
}

TEST_P(MigrationUnderWay, SaysThatTheTargetIsFull) {
  start_slowly();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_EQ(target().execute(command::SetConfig{{{"maxmemory", "1000000"}}}), "done");
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.stage, Stage::kFailed);
  EXPECT_NE(ended.error.find("OOM"), std::string::npos) << ended.error;
  EXPECT_NE(ended.error.find("in slot"), std::string::npos) << ended.error;
  ASSERT_EQ(target().execute(command::SetConfig{{{"maxmemory", "0"}}}), "done");
  expect_finished_by("m-1-2");
}

// MIGRATE goes on after a login that was refused, as the default user, who may do more here: the keys of its batch may have moved.
TEST_P(MigrationUnderWay, SaysWhatTheTargetForbids) {
  make_cluster();
  ASSERT_FALSE(HasFatalFailure());
  fill(strings_ = 2'000);
  const auto log_in_as = [&](std::optional<agent::Login> login) {
    source().log_in_elsewhere_as(std::move(login));
    source().stop_agent();
    source().start_agent();
    ASSERT_TRUE(until([&] { return source().state().condition == ServerCondition::kUp; }));
  };
  agent::Login unknown;
  unknown.user = agent::kReplicationUser;
  unknown.password = "AnotherPassword";
  const std::vector<std::pair<agent::Login, const char*>> logins{{unknown, "WRONGPASS"}, {target().agent_login(), "NOPERM"}};
  int number = 0;
  for (const auto& [login, reason] : logins) {
    log_in_as(login);
    const auto ended = run(job(slots_, "m-2-" + std::to_string(++number)));
    EXPECT_EQ(ended.stage, Stage::kFailed);
    EXPECT_NE(ended.error.find(reason), std::string::npos) << ended.error;
    EXPECT_NE(ended.error.find("in slot"), std::string::npos) << ended.error;
  }
  log_in_as(std::nullopt);
  expect_finished_by("m-2-3");
}

// The server's own migration, held up by a target that does not answer.
class AtomicUnderWay : public Migration {
 protected:
  void start_stopped() {
    make_cluster();
    fill(2'000);
    target().signal_server(SIGSTOP);
    ASSERT_EQ(source().execute(command::StartMigration{job(slots_)}), "done");
    auto server = source().admin();
    ASSERT_TRUE(until([&] {
      const auto list = server.call({"CLUSTER", "GETSLOTMIGRATIONS"});
      return list && !list->items.empty();
    }));
    ASSERT_EQ(source().state().migration->stage, Stage::kRunning);
  }
  const SlotSet slots_ = SlotSet::of(0, 8'191);
};

TEST_P(AtomicUnderWay, CancelledLeavesEverythingAsItWas) {
  start_stopped();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(source().execute(command::CancelMigration{"m-1-1"}), "done");
  const auto ended = wait_for("m-1-1");
  target().signal_server(SIGCONT);
  EXPECT_EQ(ended.stage, Stage::kCancelled) << ended.error;
  EXPECT_TRUE(ended.slots_done.empty());
  expect_all(2'000);
}

TEST_P(AtomicUnderWay, IsFoundAgainByAnAgentThatComesBack) {
  start_stopped();
  ASSERT_FALSE(HasFatalFailure());
  source().stop_agent();
  source().start_agent();
  ASSERT_TRUE(until([&] { return source().state().migration.has_value(); }));
  const std::string found = source().state().migration->job;
  EXPECT_TRUE(found.starts_with("found-")) << found;
  EXPECT_EQ(source().state().migration->slots, slots_);
  target().signal_server(SIGCONT);
  EXPECT_EQ(wait_for(found).stage, Stage::kDone) << source().state().migration->error;
  ASSERT_TRUE(until_views_agree(slots_));
  expect_all(2'000);
}

TEST_P(AtomicUnderWay, FailsWithTheServersReasonWhenTheTargetDies) {
  start_stopped();
  ASSERT_FALSE(HasFatalFailure());
  target().kill_server();
  const auto ended = wait_for("m-1-1");
  EXPECT_EQ(ended.stage, Stage::kFailed);
  EXPECT_NE(ended.error.find("arget"), std::string::npos) << ended.error;
  EXPECT_TRUE(ended.slots_done.empty());
  auto here = connect(source());
  EXPECT_EQ(ask(here, {"DBSIZE"}), std::to_string(keys_));
}

INSTANTIATE_TEST_SUITE_P(Engines, AtomicUnderWay, testing::ValuesIn(cases_where(is_atomic)),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, MigrationUnderWay, testing::ValuesIn(cases_where(is_keys)),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
