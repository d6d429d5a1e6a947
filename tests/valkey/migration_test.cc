// Slots moved between real servers by their agents, with both engines: what is there afterwards.
#include "tests/support/wait_until.h"
#include "tests/valkey/migration_fixture.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Stage = MigrationProgress::Stage;

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

// The atomic engine does not block its source.
std::vector<MigrationCase> slow_cases() {
  auto some = cases_with_tls();
  std::erase_if(some, [](const MigrationCase& one) { return !is_keys(one); });
  return some;
}

bool is_from_9_to_8(const MigrationCase& one) { return one.source == ValkeyLine::k9 && one.target == ValkeyLine::k8; }

INSTANTIATE_TEST_SUITE_P(Engines, MigrationOfABadKey, testing::ValuesIn(cases_where(is_from_9_to_8)),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, MigrationOfASlowValue, testing::ValuesIn(slow_cases()), [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, Migration, testing::ValuesIn(cases_with_tls()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
