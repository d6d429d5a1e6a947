// Which jobs start next, and whose memory does not suffice.
#include "coordinator/plan/slots/jobs.h"

#include <gtest/gtest.h>

namespace shardkeeper::plan {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;

Move move(int from, int to, int first, int last) { return {ShardId{from}, ShardId{to}, SlotSet::of(first, last)}; }

// Every shard with 4,096 slots, 40,960 keys and 402 MB: ten keys and 0.1 MB a slot.
MoveEnds ends(int shards) {
  MoveEnds result;
  for (int shard = 0; shard < shards; ++shard)
    result[ShardId{shard}] = {4096, 40960, 2 * kMegabyte + 4096 * (kMegabyte / 10), 1000 * kMegabyte};
  return result;
}

std::string told(const std::vector<PlannedJob>& jobs) {
  std::string text;
  for (const auto& job : jobs)
    text += (text.empty() ? "" : "; ") + to_string(job.from) + ">" + to_string(job.to) + " " + to_string(job.slots);
  return text;
}

TEST(NextJobs, EachGiverAndEachTakerIsInOne) {
  const std::vector<Move> moves{move(0, 3, 0, 9), move(1, 3, 10, 19), move(1, 4, 20, 29), move(2, 4, 30, 39)};
  EXPECT_EQ(told(next_jobs(moves, ends(5), {}, {8, 1000})), "0>3 0-9; 1>4 20-29");
}

TEST(NextJobs, PairsAreChosenSoThatMostCanRun) {
  // 0 to 3 first would leave 1 without a partner.
  const std::vector<Move> moves{move(0, 3, 0, 9), move(0, 4, 10, 19), move(1, 3, 20, 29)};
  EXPECT_EQ(told(next_jobs(moves, ends(5), {}, {8, 1000})), "0>4 10-19; 1>3 20-29");
}

TEST(NextJobs, ThoseBusyWait) {
  const std::vector<Move> moves{move(0, 3, 0, 9), move(1, 3, 10, 19), move(1, 4, 20, 29)};
  Running running{{ShardId{0}}, {ShardId{3}}, {}};
  EXPECT_EQ(told(next_jobs(moves, ends(5), running, {8, 1000})), "1>4 20-29");
  EXPECT_EQ(told(next_jobs(moves, ends(5), running, {1, 1000})), "");
}

TEST(NextJobs, AJobIsBoundedByKeys) {
  EXPECT_EQ(told(next_jobs({move(0, 1, 0, 999)}, ends(2), {}, {8, 500})), "0>1 0-49");
  EXPECT_EQ(told(next_jobs({move(0, 1, 0, 999)}, ends(2), {}, {8, 3})), "0>1 0") << "never less than a slot";
  auto empty = ends(2);
  empty[ShardId{0}].keys = 0;
  EXPECT_EQ(told(next_jobs({move(0, 1, 0, 999)}, empty, {}, {8, 3})), "0>1 0-999");
}

TEST(NextJobs, TheLeastFullTakerComesFirst) {
  const std::vector<Move> moves{move(0, 3, 0, 9), move(0, 4, 10, 19)};
  auto loaded = ends(5);
  loaded[ShardId{3}].bytes_used = 900 * kMegabyte;
  EXPECT_EQ(told(next_jobs(moves, loaded, {}, {8, 1000})), "0>4 10-19");
}

TEST(NextJobs, WhatNobodyOwnsIsNotMoved) {
  EXPECT_EQ(told(next_jobs({{std::nullopt, ShardId{1}, SlotSet::of(0, 5)}}, ends(2), {}, {8, 9})), "");
}

TEST(Estimate, TakesKeysAsSpreadEvenlyAndLeavesTheEmptyServerOut) {
  EXPECT_EQ(estimate(ends(1).at(ShardId{0}), 1024), (Load{10240, 1024 * (kMegabyte / 10)}));
  EXPECT_EQ(estimate({}, 10), Load{});
  EXPECT_EQ(estimate({100, 0, 900 * kMegabyte, 0}, 10), Load{}) << "no keys, nothing to move";
}

TEST(Shortfalls, CountWhatIsUsedWhatArrivesAndWhatIsPlanned) {
  auto tight = ends(3);
  tight[ShardId{2}].bytes_used = 800 * kMegabyte;
  const std::vector<Move> moves{move(0, 2, 0, 999), move(1, 2, 5000, 5099)};  // 110 MB
  EXPECT_TRUE(shortfalls(moves, tight, {}).empty());
  Running running{{}, {}, {{ShardId{2}, {0, 50 * kMegabyte}}}};
  const auto short_of = shortfalls(moves, tight, running);
  ASSERT_EQ(short_of.size(), 1U);
  EXPECT_EQ(short_of[0].shard, ShardId{2});
  EXPECT_EQ(short_of[0].bytes_used, 800 * kMegabyte);
  EXPECT_EQ(short_of[0].bytes_arriving, 50 * kMegabyte);
  EXPECT_EQ(short_of[0].bytes_planned, 1100 * (kMegabyte / 10));
  tight[ShardId{2}].bytes_max = 0;
  EXPECT_TRUE(shortfalls(moves, tight, running).empty()) << "no limit is known";
}

}  // namespace
}  // namespace shardkeeper::plan
