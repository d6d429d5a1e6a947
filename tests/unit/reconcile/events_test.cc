#include "coordinator/reconcile/events.h"

#include <gtest/gtest.h>

namespace shardkeeper::reconcile {
namespace {

Event event(std::int64_t at, const std::string& message, const std::string& cluster = "vk") {
  return {at, ClusterName(cluster), false, "Ghost", "pod vk-a", message, 1};
}

TEST(EventLog, FoldsRepeatsAndKeepsTheNewestTime) {
  EventLog log;
  log.add(event(1'000, "a"));
  log.add(event(2'000, "b"));
  log.add(event(3'000, "a"));
  const auto events = log.newest(ClusterName(), 10);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].message, "b");
  EXPECT_EQ(events[1].message, "a");
  EXPECT_EQ(events[1].count, 2U);
  EXPECT_EQ(events[1].unix_ms, 3'000);
}

TEST(EventLog, DoesNotFoldWhatLiesTenMinutesBack) {
  EventLog log;
  log.add(event(0, "a"));
  log.add(event(EventLog::kFoldMs, "a"));
  EXPECT_EQ(log.newest(ClusterName(), 10).size(), 2U);
}

TEST(EventLog, IsBounded) {
  EventLog log;
  for (std::size_t i = 0; i < EventLog::kKept + 100; ++i) log.add(event(static_cast<std::int64_t>(i), std::to_string(i)));
  const auto events = log.newest(ClusterName(), 10'000);
  ASSERT_EQ(events.size(), EventLog::kKept);
  EXPECT_EQ(events.front().message, "100");
}

TEST(EventLog, ShowsTheNewestOfOneCluster) {
  EventLog log;
  log.add(event(1, "a"));
  log.add(event(2, "b", "other"));
  log.add(event(3, "c"));
  const auto events = log.newest(ClusterName("vk"), 1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].message, "c");
}

}  // namespace
}  // namespace shardkeeper::reconcile
