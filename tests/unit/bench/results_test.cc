#include "bench/support/results.h"
#include "bench/support/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::bench {
namespace {

Row a_row(std::optional<double> value, std::optional<double> peer_value, Bar bar) {
  return {.name = "create", .value = value, .unit = "ms", .peer = "valkey-cli", .peer_value = peer_value, .bar = bar};
}

TEST(Row, ComparesWithThePeer) {
  const Bar bar{Bar::Kind::kRatioMax, 0.3};
  EXPECT_EQ(a_row(300, 1000, bar).holds(), true);
  EXPECT_EQ(a_row(301, 1000, bar).holds(), false);
  EXPECT_DOUBLE_EQ(*a_row(250, 1000, bar).ratio(), 0.25);
  EXPECT_EQ(a_row(5000, 1000, {Bar::Kind::kRatioMin, 5}).holds(), true);
  EXPECT_EQ(a_row(4999, 1000, {Bar::Kind::kRatioMin, 5}).holds(), false);
}

TEST(Row, HoldsByEitherOfTwoGoals) {
  const Bar bar{.kind = Bar::Kind::kRatioMin, .limit = 0.9, .or_value_min = 300};
  EXPECT_EQ(a_row(300, 1000, bar).holds(), true);
  EXPECT_EQ(a_row(299, 1000, bar).holds(), false);
  EXPECT_EQ(a_row(90, 100, bar).holds(), true);
  EXPECT_EQ(to_string(bar, "MB/s"), ">= 0.9 x peer or 300 MB/s");
}

TEST(Row, ComparesWithANumber) {
  EXPECT_EQ(a_row(200, std::nullopt, {Bar::Kind::kValueMax, 200}).holds(), true);
  EXPECT_EQ(a_row(200.1, std::nullopt, {Bar::Kind::kValueMax, 200}).holds(), false);
}

TEST(Row, NeitherHoldsNorFailsWithoutWhatItCompares) {
  EXPECT_EQ(a_row(1, std::nullopt, {Bar::Kind::kRatioMax, 1}).holds(), std::nullopt);
  EXPECT_EQ(a_row(1, 0, {Bar::Kind::kRatioMax, 1}).holds(), std::nullopt);
  EXPECT_EQ(a_row(std::nullopt, 1, {Bar::Kind::kValueMax, 1}).holds(), std::nullopt);
  EXPECT_EQ(a_row(1, 1, {}).holds(), std::nullopt);
}

TEST(Results, AreATableForPeople) {
  const std::string table = to_table({a_row(300, 1000, {Bar::Kind::kRatioMax, 0.25}), a_row(std::nullopt, 2.5, {})});
  EXPECT_EQ(table,
            "measured  ours  unit  peer        peer's  ratio  bar             holds\n"
            "create    300   ms    valkey-cli  1000    0.3    <= 0.25 x peer  NO\n"
            "create    -     ms    valkey-cli  2.5     -                      -\n");
}

TEST(Results, AreJsonForPrograms) {
  EXPECT_THAT(
      to_json({a_row(300, 1000, {Bar::Kind::kValueMax, 500}), a_row(std::nullopt, std::nullopt, {})}),
      R"([{"name":"create","value":3E2,"unit":"ms","peer":"valkey-cli","peer_value":1E3,"ratio":3E-1,"bar":"<= 500 ms","holds":true},)"
      R"({"name":"create","value":null,"unit":"ms","peer":"valkey-cli","peer_value":null,"ratio":null,"bar":"","holds":null}])"
      "\n");
}

TEST(Percentile, IsOfTheNearestRank) {
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0.5), 2);
  EXPECT_DOUBLE_EQ(percentile({1, 2, 3}, 0.99), 3);
}

}  // namespace
}  // namespace shardkeeper::bench
