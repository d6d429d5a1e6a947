// The retrying client against real clusters: every kind of answer that it must follow or sit out.
#include "tests/support/cluster_client.h"
#include "tests/support/key_slot.h"
#include "tests/support/plain_cluster.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// One healthy cluster for all tests here; each leaves it as it found it.
class HealthyCluster : public testing::TestWithParam<ValkeyLine> {
 protected:
  void SetUp() override {
    auto& shared = clusters()[GetParam()];
    if (!shared) {
      shared = std::make_unique<PlainCluster>(PlainClusterOptions{.line = GetParam(), .settings = {{"cluster-node-timeout", "1000"}}});
      shared->create();
    }
    cluster_ = shared.get();
    ASSERT_TRUE(cluster_->wait_until_ready());
  }
  static void TearDownTestSuite() { clusters().clear(); }

  ClusterClientOptions options(std::chrono::milliseconds patience = 5000ms) {
    return {.seeds = cluster_->endpoints(), .give_up_after = patience};
  }
  std::string id_of(const ValkeyProcess& server) { return server.ask({"CLUSTER", "MYID"}); }

  PlainCluster* cluster_ = nullptr;

 private:
  static std::map<ValkeyLine, std::unique_ptr<PlainCluster>>& clusters() {
    static std::map<ValkeyLine, std::unique_ptr<PlainCluster>> shared;
    return shared;
  }
};
INSTANTIATE_TEST_SUITE_P(Lines, HealthyCluster, testing::ValuesIn(kValkeyLines),
                         [](const auto& info) { return "Valkey" + to_string(info.param); });

TEST_P(HealthyCluster, IsSeenWhole) {
  ClusterClient client(options());
  std::vector<SlotOwner> owners;
  // A server hides replicas that have not got a byte yet, so give each shard one key.
  for (const int slot : {0, 8000, 16383}) ASSERT_TRUE(client.call(slot, {"SET", "{" + tag_of_slot(slot) + "}first", "1"}));
  EXPECT_TRUE(wait_until([&] {
    owners = client.load_topology().value();
    return std::all_of(owners.begin(), owners.end(), [](const SlotOwner& owner) { return owner.replicas.size() == 1; });
  }));
  SlotSet all;
  for (const SlotOwner& owner : owners) all = all.united(owner.slots);
  EXPECT_EQ(owners.size(), 3U);
  EXPECT_EQ(all, SlotSet::all());
}

TEST_P(HealthyCluster, FindsASlotByMovedWithoutATopology) {
  ClusterClient client({.seeds = {cluster_->endpoints().front()}});
  for (const int slot : {0, 8000, 16383}) EXPECT_TRUE(client.call(slot, {"SET", "{" + tag_of_slot(slot) + "}moved", "1"}));
  EXPECT_GE(client.counts().moved, 1U);  // then it asks that node for the whole picture
  EXPECT_EQ(client.counts().retried, 0U);
}

TEST_P(HealthyCluster, FollowsAskWhileASlotMovesAndMovedAfterwards) {
  constexpr int kSlot = 42;
  ValkeyProcess* source = cluster_->primary_of(kSlot);
  ValkeyProcess* target = cluster_->primary_of(16000);
  ASSERT_NE(source, nullptr);
  ASSERT_NE(target, nullptr);
  ClusterClient client(options());
  ASSERT_TRUE(client.load_topology());
  const std::string slot = std::to_string(kSlot), old_key = "{" + tag_of_slot(kSlot) + "}old", new_key = "{" + tag_of_slot(kSlot) + "}new";
  ASSERT_TRUE(client.call(kSlot, {"SET", old_key, "1"}));
  ASSERT_EQ(target->ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(*source)}), "OK");
  ASSERT_EQ(source->ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(*target)}), "OK");

  EXPECT_TRUE(client.call(kSlot, {"SET", new_key, "2"}));
  EXPECT_EQ(client.counts().asked, 1U);
  EXPECT_EQ(client.call(kSlot, {"GET", old_key})->text, "1");
  // One key here, one there: the server asks to try again until the slot is whole.
  ClusterClient impatient(options(100ms));
  const auto split = impatient.call(kSlot, {"MGET", old_key, new_key});
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_THAT(split.error().detail, HasSubstr("TRYAGAIN"));
  EXPECT_GE(impatient.counts().retried, 5U);

  ASSERT_EQ(source->ask({"MIGRATE", target->options().ip, "6379", old_key, "0", "5000"}), "OK");
  for (ValkeyProcess* node : {target, source}) ASSERT_EQ(node->ask({"CLUSTER", "SETSLOT", slot, "NODE", id_of(*target)}), "OK");
  const auto whole = client.call(kSlot, {"MGET", old_key, new_key});
  ASSERT_TRUE(whole) << to_string(whole.error());
  EXPECT_EQ(whole->items.at(0).text + whole->items.at(1).text, "12");
  EXPECT_GE(client.counts().moved, 1U);
}

TEST_P(HealthyCluster, SitsOutMissingReplicas) {
  ValkeyProcess* primary = cluster_->primary_of(5);
  ASSERT_NE(primary, nullptr);
  ASSERT_EQ(primary->ask({"CONFIG", "SET", "min-replicas-to-write", "255"}), "OK");
  ClusterClient client(options(100ms));
  const auto reply = client.call(5, {"SET", "{" + tag_of_slot(5) + "}fenced", "1"});
  ASSERT_EQ(primary->ask({"CONFIG", "SET", "min-replicas-to-write", "0"}), "OK");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr("NOREPLICAS"));
  EXPECT_TRUE(client.call(5, {"SET", "{" + tag_of_slot(5) + "}fenced", "1"}));
}

TEST_P(HealthyCluster, ReportsOtherErrorsAtOnce) {
  ClusterClient client(options());
  const auto reply = client.call(7, {"LPUSH", "{" + tag_of_slot(7) + "}few-arguments"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(client.counts().retried, 0U);
}

TEST_P(HealthyCluster, GivesUpWhenNobodyAnswers) {
  const LoopbackBlock nobody;
  ClusterClient client({.seeds = {{.ip = nobody.address(1), .port = 6379}}, .give_up_after = 50ms});
  EXPECT_EQ(client.load_topology().error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(client.call(0, {"PING"}).error().kind, ErrorKind::kUnknownOutcome);
}

TEST_P(HealthyCluster, KeepsWhatACheckerWrites) {
  WriteChecker checker({.client = options(), .pause = 100us});
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until(
      [&] { return checker.acknowledged_in(0) > 500 && checker.acknowledged_in(8000) > 500 && checker.acknowledged_in(16000) > 500; },
      30s));
  const WriteReport written = checker.stop();
  EXPECT_EQ(written.lost, 0U);
  const WriteReport report = checker.verify();
  EXPECT_TRUE(report.is_clean()) << to_text(report);
  EXPECT_EQ(report.requests, report.acknowledged);
  EXPECT_GT(report.acknowledged, 1500U);
  EXPECT_GT(report.latency.max_ms, 0);
  ASSERT_EQ(report.groups.size(), 3U);
  for (const GroupReport& group : report.groups) EXPECT_GT(group.longest_gap.length, 50us);
}

TEST_P(HealthyCluster, NamesDeletedAndForeignValues) {
  WriteChecker checker({.client = options(), .groups = {SlotSet::of(100, 101)}, .key_prefix = "spoilt"});
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 50; }));
  checker.stop();
  ClusterClient client(options());
  // Key number 0, 1, 2 … alternate between the two slots; which comes first is the checker's business, so find it by asking.
  const auto key = [&](int number) {
    for (const int slot : {100, 101})
      if (const std::string name = "{" + tag_of_slot(slot) + "}spoilt:0:" + std::to_string(number);
          client.call(slot, {"EXISTS", name})->integer == 1)
        return std::pair(slot, name);
    return std::pair(100, std::string("missing"));
  };
  const auto [slot_a, deleted] = key(10);
  const auto [slot_b, foreign] = key(11);
  const auto [slot_c, older] = key(12);
  ASSERT_TRUE(client.call(slot_a, {"DEL", deleted}));
  ASSERT_TRUE(client.call(slot_b, {"SET", foreign, "12 somebody else's"}));
  ASSERT_TRUE(client.call(slot_c, {"SET", older, "14 spoilt:0:13 "}));  // another key's value
  const WriteReport report = checker.verify();
  EXPECT_EQ(report.lost, 1U);
  EXPECT_EQ(report.wrong, 2U);
  EXPECT_EQ(report.unreadable, 0U);
  EXPECT_FALSE(report.is_clean());
  EXPECT_THAT(to_text(report), HasSubstr("lost: " + deleted));
  EXPECT_THAT(to_text(report), HasSubstr("wrong: " + foreign));
}

// A checker whose keys are used again still sees that the newest value of a key is gone.
TEST_P(HealthyCluster, FindsLossAmongReusedKeys) {
  WriteChecker checker({.client = options(), .groups = {SlotSet::of(200, 200)}, .keys_per_writer_max = 10, .key_prefix = "ring"});
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 100; }));
  checker.stop();
  EXPECT_TRUE(checker.verify().is_clean());
  ClusterClient client(options());
  const std::string key = "{" + tag_of_slot(200) + "}ring:0:4";
  ASSERT_TRUE(client.call(200, {"SET", key, "5 ring:0:4 ....."}));  // its first value, long overwritten
  const WriteReport report = checker.verify();
  EXPECT_EQ(report.lost, 1U);
  EXPECT_THAT(to_text(report), HasSubstr("now it holds 5"));
}

}  // namespace
}  // namespace shardkeeper::test
