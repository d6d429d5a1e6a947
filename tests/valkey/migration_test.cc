// Slots moved between real servers by their agents, with both engines: what is there afterwards, and what trouble leaves behind.
#include "tests/support/key_slot.h"
#include "tests/support/wait_until.h"
#include "tests/valkey/pod_pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <random>
#include <thread>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Stage = MigrationProgress::Stage;

struct Case {
  std::string name;
  ValkeyLine source;
  ValkeyLine target;
  MigrationEngine engine;
  bool tls = false;
};

class Migration : public testing::TestWithParam<Case> {
 protected:
  void make_cluster(int replicas = 0) {
    pair_ = std::make_unique<PodPair>(world_, PodPairOptions{GetParam().source, GetParam().target, replicas, GetParam().tls});
  }

  AgentPod& source() { return pair_->source(); }
  AgentPod& target() { return pair_->target(); }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 30s) {
    return world_.run_until(condition, deadline);
  }

  MigrationJob job(const SlotSet& slots, const std::string& id = "m-1-1") { return pair_->job(slots, GetParam().engine, id); }
  MigrationProgress run(const MigrationJob& job) { return pair_->run(job); }
  MigrationProgress wait_for(const std::string& id) { return pair_->wait_for(id); }
  static SyncClient connect(AgentPod& pod) { return PodPair::connect(pod); }
  static std::string ask(SyncClient& client, const std::vector<std::string>& arguments) {
    const auto reply = client.call(arguments);
    return !reply ? to_string(reply.error()) : reply->kind == valkey::Reply::Kind::kInteger ? std::to_string(reply->integer) : reply->text;
  }
  // Strings of every slot, and one of each other kind.
  void fill(int strings) {
    auto client = connect(source());
    std::vector<std::vector<std::string>> calls;
    for (int i = 0; i < strings; ++i) calls.push_back({"SET", name(i), "value " + std::to_string(i)});
    calls.push_back({"HSET", of_kind("a hash"), "one", "1", "two", "2"});
    calls.push_back({"XADD", of_kind("a stream"), "1-1", "field", "value"});
    calls.push_back({"RPUSH", of_kind("a list"), "x", "y"});
    calls.push_back({"SET", of_kind("passing"), "soon gone", "EX", "1000"});
    const auto replies = client.pipeline(calls);
    ASSERT_TRUE(replies);
    for (const auto& reply : *replies) ASSERT_FALSE(reply.is_error()) << reply.text;
    keys_ = calls.size();
  }
  std::string name(int number) const { return "{" + tag_of_slot(number * 7 % slots_filled_) + "}" + std::to_string(number); }
  static std::string of_kind(const std::string& kind) { return "{" + tag_of_slot(3) + "}" + kind; }
  // Every key is at exactly one end, and is what it was.
  void expect_all(int strings) {
    auto at_source = connect(source());
    auto at_target = connect(target());
    EXPECT_EQ(std::stoi(ask(at_source, {"DBSIZE"})) + std::stoi(ask(at_target, {"DBSIZE"})), static_cast<int>(keys_));
    const auto owner_of = [&](const std::string& key) -> SyncClient& {
      return source().state().slots.contains(key_slot(key)) ? at_source : at_target;
    };
    for (int i = 0; i < strings; ++i) ASSERT_EQ(ask(owner_of(name(i)), {"GET", name(i)}), "value " + std::to_string(i)) << name(i);
    EXPECT_EQ(ask(owner_of(of_kind("a hash")), {"HGET", of_kind("a hash"), "two"}), "2");
    EXPECT_EQ(ask(owner_of(of_kind("a stream")), {"XLEN", of_kind("a stream")}), "1");
    EXPECT_EQ(ask(owner_of(of_kind("a list")), {"LLEN", of_kind("a list")}), "2");
    const int left_seconds = std::stoi(ask(owner_of(of_kind("passing")), {"TTL", of_kind("passing")}));
    EXPECT_GT(left_seconds, 900);
    EXPECT_LE(left_seconds, 1000);
  }
  bool until_views_agree(const SlotSet& moved) {
    return until([&] {
      return target().state().slots.common_with(moved) == moved && !source().state().slots.overlaps(moved) &&
             source().state().open_slots.empty() && target().state().open_slots.empty();
    });
  }

  PodWorld world_;
  std::unique_ptr<PodPair> pair_;
  std::size_t keys_ = 0;
  int slots_filled_ = kSlotCount - 1;
};

TEST_P(Migration, MovesEveryKeyWithItsTypeAndTime) {
  make_cluster();
  fill(5'000);
  const SlotSet slots = SlotSet::of(0, 8'191);
  const auto begin = std::chrono::steady_clock::now();
  const MigrationProgress ended = run(job(slots));
  std::printf("8192 slots, %llu keys: %.0f ms\n", static_cast<unsigned long long>(ended.keys_done),
              std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  EXPECT_EQ(ended.stage, Stage::kDone) << ended.error;
  EXPECT_EQ(ended.slots_done, slots);
  EXPECT_EQ(ended.keys_done, ended.keys_total);
  ASSERT_TRUE(until_views_agree(slots));
  expect_all(5'000);
  EXPECT_EQ(source().execute(command::StartMigration{job(slots)}), "already so");
  EXPECT_EQ(run(job(slots, "m-1-2")).stage, Stage::kDone) << "what has moved counts as moved";
}

TEST_P(Migration, IsAcknowledgedByReplicasOnTheWay) {
  make_cluster(1);
  fill(1'000);
  const SlotSet slots = SlotSet::of(1'000, 1'999);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run(job(slots)).stage, Stage::kDone) << source().state().migration->error;
  std::printf("1000 slots with a replica at each end: %.0f ms\n",
              std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  ASSERT_TRUE(until_views_agree(slots));
  expect_all(1'000);
  for (const auto& pod : pair_->pods())
    EXPECT_TRUE(until([&] {
      const auto* detail = pod->core().memory().detail();
      const auto* row = detail != nullptr ? detail->nodes.view.find(*target().state().node_id) : nullptr;
      return row != nullptr && row->slots.common_with(slots) == slots;
    }));
}

TEST_P(Migration, MovesABigValueAlone) {
  make_cluster();
  ASSERT_FALSE(HasFatalFailure());
  auto client = connect(source());
  const std::string big(20U << 20U, 'x');
  ASSERT_EQ(ask(client, {"SET", "{0}big", big}), "OK");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(ask(client, {"SET", "{0}" + std::to_string(i), "small"}), "OK");
  const int slot = key_slot("0");
  EXPECT_EQ(run(job(SlotSet::of(slot, slot))).stage, Stage::kDone) << source().state().migration->error;
  auto there = connect(target());
  EXPECT_EQ(ask(there, {"STRLEN", "{0}big"}), std::to_string(big.size()));
  EXPECT_EQ(ask(there, {"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}), "201");
  EXPECT_EQ(ask(client, {"DBSIZE"}), "0");
}

// A target that gets little of its processor takes each piece in time, and the whole in much too long.
using MigrationOfASlowValue = Migration;

TEST_P(MigrationOfASlowValue, IsBrokenOffBeforeTheSourceIsTakenForDead) {
  make_cluster();
  auto client = connect(source());
  std::string big(50U << 20U, ' ');
  std::mt19937 random(1);
  for (auto& byte : big) byte = static_cast<char>(random());  // dumps are compressed
  ASSERT_EQ(ask(client, {"SET", "{0}big", big}), "OK");
  const int slot = key_slot("0");
  ASSERT_EQ(source().execute(command::StartMigration{job(SlotSet::of(slot, slot))}), "done");
  std::atomic<bool> is_over = false;
  std::atomic<std::chrono::nanoseconds> longest = std::chrono::nanoseconds(0);
  std::thread watcher([&] {
    auto witness = connect(source());
    while (!is_over) {
      const auto begin = std::chrono::steady_clock::now();
      static_cast<void>(witness.call({"PING"}));
      longest = std::max<std::chrono::nanoseconds>(longest.load(), std::chrono::steady_clock::now() - begin);
    }
  });
  const auto pass = [](std::chrono::milliseconds time) { static_cast<void>(wait_until([] { return false; }, time, time)); };
  std::thread brake([&] {
    while (!is_over) {
      target().signal_server(SIGSTOP);
      pass(100ms);
      target().signal_server(SIGCONT);
      pass(longest.load() > 2s ? 50ms : 3ms);
    }
  });
  const bool ended = until([&] { return longest.load() > 2s; }, 30s);
  is_over = true;
  watcher.join();
  brake.join();
  EXPECT_TRUE(ended);
  std::printf("the source was silent for %.1f s\n", std::chrono::duration<double>(longest.load()).count());
  EXPECT_LT(longest.load(), 4500ms) << "of a node timeout of 5 s";
  EXPECT_EQ(wait_for("m-1-1").stage, Stage::kDone) << source().state().migration->error;
}

TEST_P(Migration, RefusesWhatCannotBe) {
  make_cluster();
  ASSERT_FALSE(HasFatalFailure());
  auto none = job(SlotSet::of(kSlotCount - 1, kSlotCount - 1));
  none.target_node = *source().state().node_id;
  EXPECT_EQ(source().execute(command::StartMigration{none}), "migration m-1-1: source and target are the same node");
  auto gone = job(SlotSet::of(1, 2), "m-gone");
  gone.target_node = NodeId::parse(std::string(40, 'f')).value();
  EXPECT_EQ(run(gone).stage, Stage::kFailed);
  EXPECT_EQ(source().execute(command::CancelMigration{"m-9-9"}), "already so") << "nothing runs";
  if (GetParam().source == ValkeyLine::k8) {
    auto atomic = job(SlotSet::of(1, 2), "m-atomic");
    atomic.engine = MigrationEngine::kAtomic;
    EXPECT_EQ(source().execute(command::StartMigration{atomic}),
              "migration m-atomic: this server is older than 9.0 and has no atomic slot migration; use the keys engine");
  }
}

TEST_P(Migration, BringsTheFunctionsAlongOnDemand) {
  make_cluster();
  const command::CopyFunctions copy{target().name(), ""};
  EXPECT_EQ(source().execute(copy), "already so") << "there are none";
  auto here = connect(source());
  ASSERT_EQ(ask(here, {"FUNCTION", "LOAD", "#!lua name=lib\nserver.register_function('one', function() return 1 end)"}), "lib");
  ASSERT_TRUE(until([&] { return source().state().functions_hash != 0; }));
  EXPECT_EQ(target().state().functions_hash, 0U);
  EXPECT_EQ(source().execute(copy), "done");
  ASSERT_TRUE(until([&] { return target().state().functions_hash == source().state().functions_hash; }));
  auto there = connect(target());
  EXPECT_EQ(ask(there, {"FCALL", "one", "0"}), "1");
  ASSERT_EQ(ask(here, {"FUNCTION", "LOAD", "REPLACE",
                       "#!lua name=lib\nserver.register_function('one', function() return 1 + 1 -- more code\nend)"}),
            "lib");
  ASSERT_TRUE(until([&] { return target().state().functions_hash != source().state().functions_hash; })) << "the same names, other code";
}

// Hashes with fields that expire cannot be told to a server before 9.0 (older_dump.h).
class MigrationOfABadKey : public Migration {};

TEST_P(MigrationOfABadKey, HoldsUpItsOwnSlotOnly) {
  make_cluster();
  ASSERT_FALSE(HasFatalFailure());
  slots_filled_ = 200;
  fill(2'000);
  const SlotSet slots = SlotSet::of(0, 199);
  const std::string bad = "{" + tag_of_slot(5) + "}bad";
  auto here = connect(source());
  ASSERT_EQ(ask(here, {"HSET", bad, "field", "value"}), "1");
  ASSERT_EQ(here.call({"HEXPIRE", bad, "1000", "FIELDS", "1", "field"})->items.at(0).integer, 1);
  ++keys_;

  const auto ended = run(job(slots));
  EXPECT_EQ(ended.stage, Stage::kFailed);
  EXPECT_EQ(to_string(ended.slots_done), "0-4,6-199");
  EXPECT_TRUE(ended.error.starts_with("MIGRATE of key \"" + bad + "\" in slot 5: ")) << ended.error;
  EXPECT_NE(ended.error.find("slots 5 are left half moved"), std::string::npos) << ended.error;
  EXPECT_TRUE(until([&] { return source().state().open_slots.size() == 1 && target().state().open_slots.size() == 1; }));

  ASSERT_EQ(here.call({"HPERSIST", bad, "FIELDS", "1", "field"})->items.at(0).integer, 1);
  const auto again = run(job(slots, "m-1-2"));
  EXPECT_EQ(again.stage, Stage::kDone) << again.error;
  ASSERT_TRUE(until_views_agree(slots));
  expect_all(2'000);
}

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

// A move has a few dozen commands. Whichever agent is about to send the n-th of them dies instead, for every n.
class MigrationSweep : public Migration {
 protected:
  MigrationSweep() { slots_filled_ = 400; }

  static bool moves_slots(const std::vector<std::string>& command) {
    return command[0] == "MIGRATE" || (command[0] == "CLUSTER" && command[1] == "SETSLOT");
  }
  // Starts a job and RETURNS whose agent died; null: the job came to its end before.
  AgentPod* end_at(int n, const MigrationJob& job) {
    sent_ = 0;
    dead_ = nullptr;
    for (auto* const pod : {&source(), &target()})
      pod->guard([this, pod, n](const std::vector<std::string>& command) {
        if (dead_ == pod) return false;
        if (dead_ != nullptr || !moves_slots(command) || ++sent_ < n) return true;
        dead_ = pod;
        return false;
      });
    source().core().execute({rpc::Caller::Kind::kCoordinator, "coordinator"}, FenceToken{1}, command::StartMigration{job},
                            [](const auto&) {});
    const auto has_ended = [&] {
      const auto& progress = source().state().migration;
      return dead_ != nullptr || (progress && progress->job == job.id && progress->stage != Stage::kRunning);
    };
    EXPECT_TRUE(until(has_ended)) << job.id << " neither ends nor sends command " << n;
    return dead_;
  }
  void bring_back(AgentPod& pod) {
    pod.stop_agent();
    for (auto* const end : {&source(), &target()}) end->guard({});
    pod.start_agent();
    ASSERT_TRUE(until([&] { return pod.state().condition == ServerCondition::kUp; }));
  }

  // As the coordinator: what fails is tried again, when the ends have heard of each other.
  MigrationProgress run_again(MigrationJob job) {
    const std::string id = job.id;
    for (int attempt = 1;; ++attempt) {
      job.id = id + "-" + std::to_string(attempt);
      const auto ended = run(job);
      if (ended.stage == Stage::kDone || attempt == 3) return ended;
      static_cast<void>(until([] { return false; }, 300ms));
    }
  }

  int sent_ = 0;
  AgentPod* dead_ = nullptr;
};

TEST_P(MigrationSweep, AnAgentThatDiesAtAnyCommandLeavesWhatAnotherJobFinishes) {
  constexpr int kSlots = 4;
  constexpr int kCommandsMax = 80;
  make_cluster(1);
  ASSERT_FALSE(HasFatalFailure());
  fill(4'000);
  int at_source = 0;
  int at_target = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, kCommandsMax) << "a job of " << kSlots << " slots takes too many commands";
    const SlotSet slots = SlotSet::of(n * kSlots, n * kSlots + kSlots - 1);
    const auto id = "m-" + std::to_string(n) + "-";
    auto* const dead = end_at(n, job(slots, id + "1"));
    ASSERT_FALSE(HasFailure());
    if (dead == nullptr) {
      ASSERT_EQ(source().state().migration->stage, Stage::kDone) << source().state().migration->error;
      ASSERT_TRUE(until_views_agree(slots));
      break;
    }
    ++(dead == &source() ? at_source : at_target);
    ASSERT_NO_FATAL_FAILURE(bring_back(*dead));
    if (dead == &target()) wait_for(id + "1");
    const auto ended = run_again(job(slots, id + "2"));
    ASSERT_EQ(ended.stage, Stage::kDone) << "after command " << n << ": " << ended.error;
    ASSERT_TRUE(until_views_agree(slots)) << "after command " << n;
  }
  std::printf("died at %d commands of the source's agent and %d of the target's\n", at_source, at_target);
  EXPECT_GT(at_source, 5);
  EXPECT_GT(at_target, 1);
  expect_all(4'000);
}

std::vector<Case> cases() {
  return {{"Keys8", ValkeyLine::k8, ValkeyLine::k8, MigrationEngine::kKeys},
          {"Keys9", ValkeyLine::k9, ValkeyLine::k9, MigrationEngine::kKeys},
          {"KeysFrom8To9", ValkeyLine::k8, ValkeyLine::k9, MigrationEngine::kKeys},
          {"KeysFrom9To8", ValkeyLine::k9, ValkeyLine::k8, MigrationEngine::kKeys},
          {"Atomic9", ValkeyLine::k9, ValkeyLine::k9, MigrationEngine::kAtomic}};
}

std::vector<Case> cases_where(const std::function<bool(const Case&)>& fits) {
  auto some = cases();
  std::erase_if(some, [&](const Case& one) { return !fits(one); });
  return some;
}
// Links between servers are TLS: everything but the servers' own unix sockets.
std::vector<Case> cases_with_tls() {
  auto all = cases();
  const std::size_t plain = all.size();
  for (std::size_t i = 0; i < plain; ++i) {
    Case one = all[i];
    one.name += "Tls";
    one.tls = true;
    all.push_back(one);
  }
  return all;
}
// The atomic engine does not block its source.
std::vector<Case> slow_cases() {
  auto some = cases_with_tls();
  std::erase_if(some, [](const Case& one) { return one.engine != MigrationEngine::kKeys; });
  return some;
}

bool is_keys(const Case& one) { return one.engine == MigrationEngine::kKeys; }
bool is_atomic(const Case& one) { return one.engine == MigrationEngine::kAtomic; }
bool is_from_9_to_8(const Case& one) { return one.source == ValkeyLine::k9 && one.target == ValkeyLine::k8; }

INSTANTIATE_TEST_SUITE_P(Engines, MigrationOfABadKey, testing::ValuesIn(cases_where(is_from_9_to_8)),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, MigrationSweep, testing::ValuesIn(cases_where(is_keys)),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, AtomicUnderWay, testing::ValuesIn(cases_where(is_atomic)),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, MigrationOfASlowValue, testing::ValuesIn(slow_cases()), [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, Migration, testing::ValuesIn(cases_with_tls()), [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, MigrationUnderWay, testing::ValuesIn(cases_where(is_keys)),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
