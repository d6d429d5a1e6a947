#include "tests/support/write_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace shardkeeper::test {
namespace {

using testing::HasSubstr;

TEST(Percentiles, AreOfTheNearestRank) {
  std::vector<std::uint32_t> latencies(100);
  std::iota(latencies.rbegin(), latencies.rend(), 1);  // 100 … 1 µs
  const Percentiles p = percentiles_of(latencies);
  EXPECT_DOUBLE_EQ(p.p50_ms, 0.050);
  EXPECT_DOUBLE_EQ(p.p99_ms, 0.099);
  EXPECT_DOUBLE_EQ(p.max_ms, 0.100);
}

TEST(Percentiles, OfNothingAreZero) {
  std::vector<std::uint32_t> none;
  EXPECT_DOUBLE_EQ(percentiles_of(none).max_ms, 0);
}

WriteReport an_unclean_report() {
  WriteReport report;
  report.requests = 12;
  report.acknowledged = 10;
  report.failed = 2;
  report.failures = {{"CLUSTERDOWN Hash slot not served", 2}};
  report.groups = {{"0-99", SlotSet::of(0, 99), 10, {std::chrono::microseconds(1500), {}}}};
  report.lost = 1;
  report.lost_by_group = {{"0-99", 1}};
  report.examples = {"lost: \"key\""};
  return report;
}

TEST(WriteReport, IsCleanOnlyWhenNothingIsLostWrongUnreadableOrFailed) {
  EXPECT_TRUE(WriteReport{}.is_clean());
  EXPECT_FALSE((WriteReport{.failed = 1}).is_clean());
  EXPECT_FALSE((WriteReport{.lost = 1}).is_clean());
  EXPECT_FALSE((WriteReport{.wrong = 1}).is_clean());
  EXPECT_FALSE((WriteReport{.unreadable = 1}).is_clean());
}

TEST(WriteReport, TellsPeople) {
  const std::string text = to_text(an_unclean_report());
  EXPECT_THAT(text, HasSubstr("failed 2 times: CLUSTERDOWN Hash slot not served"));
  EXPECT_THAT(text, HasSubstr("longest gap 1.5 ms"));
  EXPECT_THAT(text, HasSubstr("NOT clean: 1 lost, 0 wrong, 0 unreadable, 2 failed"));
}

TEST(WriteReport, TellsPrograms) {
  const std::string json = to_json(an_unclean_report());
  EXPECT_THAT(json, HasSubstr(R"("clean":false,"requests":12,"acknowledged":10,"failed":2)"));
  EXPECT_THAT(json, HasSubstr(R"("examples":["lost: \"key\""])"));
}

}  // namespace
}  // namespace shardkeeper::test
