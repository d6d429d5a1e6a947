// Progress from one status after the other.
#include "cli/move_tracker.h"

#include <gtest/gtest.h>

namespace shardkeeper::cli {
namespace {

admin::v1::Migration left(int slots, std::uint64_t keys = 0) {
  admin::v1::Migration migration;
  migration.set_slots_left(slots);
  migration.set_keys_left(keys);
  return migration;
}

admin::v1::Migration with_job(admin::v1::Migration migration, int from, std::uint64_t keys_done, std::uint64_t bytes_done) {
  auto* const job = migration.add_jobs();
  job->set_from(from);
  job->set_slots("0-9");
  job->set_keys_done(keys_done);
  job->set_bytes_done(bytes_done);
  return migration;
}

TEST(MoveTracker, TellsRateAndTimeLeft) {
  MoveTracker tracker({1000, 500});
  EXPECT_EQ(tracker.observe(left(1000, 500), 0).left_ms, std::nullopt);
  EXPECT_EQ(tracker.observe(left(900, 500), 500).left_ms, std::nullopt) << "too early to tell";
  const auto later = tracker.observe(with_job(left(800, 450), 0, 50, 4'000), 2'000);
  EXPECT_EQ(later.slots_done, 200);
  EXPECT_EQ(later.keys_done, 50U);
  EXPECT_EQ(later.slots_per_second, 100);
  EXPECT_EQ(later.bytes_per_second, 2'000);
  EXPECT_EQ(later.left_ms, 8'000);
  EXPECT_EQ(tracker.observe(left(0), 3'000).percent(), 100);
}

TEST(MoveTracker, WeighsWhatItDidNotSee) {
  MoveTracker tracker({1000, 1000});
  tracker.observe(with_job(left(900, 900), 0, 10, 100), 0);
  tracker.observe(with_job(left(800, 800), 0, 30, 300), 1'000);
  EXPECT_EQ(tracker.observe(with_job(left(700, 700), 1, 5, 50), 2'000).bytes_done, 3'000U) << "ten bytes a key";
  EXPECT_EQ(tracker.observe(left(0, 0), 3'000).bytes_done, 10'000U);
}

// The atomic engine gives all slots of a job away at its end.
TEST(MoveTracker, CountsWhatRunningJobsHaveDone) {
  const auto at = [](std::uint64_t keys_done) {
    auto migration = with_job(left(1000, 1000 - keys_done), 0, keys_done, keys_done * 10);
    migration.mutable_jobs(0)->set_slots_total(1000);
    migration.mutable_jobs(0)->set_keys_total(1000);
    return migration;
  };
  MoveTracker tracker({1000, 1000});
  tracker.observe(at(0), 0);
  const auto half = tracker.observe(at(500), 2'000);
  EXPECT_EQ(half.slots_done, 0);
  EXPECT_EQ(half.percent(), 50);
  EXPECT_EQ(half.slots_per_second, 250);
  EXPECT_EQ(half.left_ms, 2'000);
  EXPECT_EQ(tracker.observe(at(1000), 4'000).percent(), 99) << "none has moved yet";
}

TEST(MoveTracker, RatesAreOfTheLastWhile) {
  MoveTracker tracker({1000, 0});
  tracker.observe(left(1000), 0);
  tracker.observe(left(500), 10'000);
  EXPECT_EQ(tracker.observe(left(500), 25'000).slots_per_second, 0);
  EXPECT_EQ(tracker.observe(left(500), 25'000).left_ms, std::nullopt);
}

TEST(MoveTracker, MoreToMoveRaisesTheTotal) {
  MoveTracker tracker({100, 0});
  EXPECT_EQ(tracker.observe(left(300, 7), 0).slots_total, 300);
  const auto later = tracker.observe(left(100, 3), 0);
  EXPECT_EQ(later.percent(), 66);
  EXPECT_EQ(later.keys_done, 4U);
}

}  // namespace
}  // namespace shardkeeper::cli
