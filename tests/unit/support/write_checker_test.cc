// The write checker while real servers die. It must be quiet when nothing is lost and loud when something is.
#include "tests/support/write_checker.h"
#include "tests/support/plain_cluster.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

constexpr int kSlot = 100;  // of the shard that suffers

class DyingServers : public testing::TestWithParam<ValkeyLine> {
 protected:
  void SetUp() override {
    cluster_.create();
    ASSERT_TRUE(cluster_.wait_until_ready());
    primary_ = cluster_.primary_of(kSlot);
    ASSERT_NE(primary_, nullptr);
  }

  WriteCheckerOptions options() { return {.client = {.seeds = cluster_.endpoints()}, .pause = 500us}; }

  // Writes for a while, so that a loss would be seen.
  void write_some(const WriteChecker& checker) {
    const auto before = checker.acknowledged_in(kSlot);
    ASSERT_TRUE(wait_until([&] { return checker.acknowledged_in(kSlot) >= before + 500; }, 30s)) << "no writes to slot " << kSlot;
  }

  void expect_a_gap_in_one_shard(const WriteReport& report) {
    for (const GroupReport& group : report.groups) {
      if (group.slots.contains(kSlot))
        EXPECT_GT(group.longest_gap.length, 1s) << to_text(report);  // the node timeout at least
      else
        EXPECT_LT(group.longest_gap.length, 1s) << to_text(report);  // writers do not hold each other up
    }
  }

  PlainCluster cluster_{{.line = GetParam(), .settings = {{"cluster-node-timeout", "1000"}}}};
  ValkeyProcess* primary_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Lines, DyingServers, testing::ValuesIn(kValkeyLines),
                         [](const auto& info) { return "Valkey" + to_string(info.param); });

TEST_P(DyingServers, AnElectionAfterKillCostsAGapAndNoRequest) {
  WriteChecker checker(options());
  ASSERT_TRUE(checker.start());
  write_some(checker);
  const auto killed_at = std::chrono::steady_clock::now();
  primary_->kill();
  write_some(checker);
  const WriteGap gap = checker.longest_gap(kSlot);
  EXPECT_GT(gap.ended(), killed_at + 1s);
  EXPECT_LT(gap.began, killed_at + 100ms);
  checker.stop();
  const WriteReport report = checker.verify();
  EXPECT_EQ(report.failed, 0U) << to_text(report);
  EXPECT_EQ(report.wrong + report.unreadable, 0U) << to_text(report);
  // Replication is asynchronous: what was acknowledged in the very last event loop turn may be gone, no more.
  EXPECT_LE(report.lost, 3U) << to_text(report);
  EXPECT_GT(report.retried, 0U);
  expect_a_gap_in_one_shard(report);
}

TEST_P(DyingServers, AStoppedPrimaryCountsAsALostConnection) {
  WriteChecker checker(options());
  ASSERT_TRUE(checker.start());
  write_some(checker);
  primary_->signal(SIGSTOP);
  write_some(checker);
  checker.stop();
  const WriteReport report = checker.verify();
  EXPECT_EQ(report.failed + report.wrong + report.unreadable, 0U) << to_text(report);
  EXPECT_LE(report.lost, 3U) << to_text(report);
  expect_a_gap_in_one_shard(report);
}

// A primary that restarts empty under its old identity wipes its replica: every write of that shard is gone, and the checker must say so.
TEST_P(DyingServers, AnEmptyRestartIsReportedAsLoss) {
  WriteChecker checker(options());
  ASSERT_TRUE(checker.start());
  write_some(checker);
  const auto before = checker.acknowledged_in(kSlot);
  primary_->kill();
  primary_->start();
  write_some(checker);
  checker.stop();
  const WriteReport report = checker.verify();
  EXPECT_GE(report.lost, before) << to_text(report);
  EXPECT_LT(report.lost, report.acknowledged);
  ASSERT_EQ(report.lost_by_group.size(), 1U);
  EXPECT_TRUE(SlotSet::parse(report.lost_by_group.begin()->first)->contains(kSlot));
  EXPECT_FALSE(report.is_clean());
  EXPECT_EQ(report.wrong, 0U) << to_text(report);
}

TEST_P(DyingServers, AShardThatIsGoneFailsRequestsAndCannotBeRead) {
  WriteCheckerOptions impatient = options();
  impatient.client.give_up_after = 300ms;
  impatient.groups = {SlotSet::of(kSlot, kSlot + 3), SlotSet::of(16000, 16003)};
  WriteChecker checker(impatient);
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged_in(kSlot) > 5 && checker.acknowledged_in(16000) > 5; }));
  for (ValkeyProcess* replica : cluster_.replicas_of(*primary_)) replica->kill();
  primary_->kill();
  const auto healthy_before = checker.acknowledged_in(16000);
  ASSERT_TRUE(wait_until([&] { return checker.longest_gap(kSlot).length > 700ms; }));
  checker.stop();
  EXPECT_GT(checker.acknowledged_in(16000), healthy_before);
  EXPECT_GT(checker.longest_gap(kSlot).length, 700ms);
  const WriteReport report = checker.verify();  // in a bounded time, however many keys there are
  EXPECT_GE(report.failed, 1U) << to_text(report);
  EXPECT_GE(report.unreadable, checker.acknowledged_in(kSlot)) << to_text(report);
  EXPECT_EQ(report.lost + report.wrong, 0U) << to_text(report);
}

}  // namespace
}  // namespace shardkeeper::test
