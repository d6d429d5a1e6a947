#include "agent/decide/pace.h"

#include <gtest/gtest.h>

#include <ostream>

namespace shardkeeper::agent {

void PrintTo(const Pace& pace, std::ostream* out) {
  *out << pace.interval.count() << " us, " << (pace.depth == Depth::kFull ? "full" : "light");
}

namespace {

using namespace std::chrono_literals;

struct Case {
  const char* says;
  PaceInput input;
  Pace expected;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.says; }

const Case kCases[] = {
    {"a failover has just begun", {true, 1min, 999ms, 0s, 6, 0us}, {10ms, Depth::kFull}},
    {"a failover is over", {true, 1min, 1s, 0s, 6, 0us}, {1s, Depth::kLight}},
    {"not ready, something changed", {false, 1'999ms, {}, 29ms, 6, 0us}, {12ms, Depth::kLight}},
    {"not ready, something changed, table is old", {false, 1'999ms, {}, 30ms, 6, 0us}, {12ms, Depth::kFull}},
    {"not ready, nothing changes", {false, 2s, {}, 99ms, 6, 0us}, {50ms, Depth::kLight}},
    {"not ready, nothing changes, table is old", {false, 2s, {}, 100ms, 6, 0us}, {50ms, Depth::kFull}},
    {"not ready, few nodes", {false, 0s, {}, 0s, 3, 0us}, {10ms, Depth::kLight}},
    {"not ready, many nodes", {false, 0s, {}, 199ms, 50, 0us}, {100ms, Depth::kLight}},
    {"not ready, many nodes, table is old", {false, 0s, {}, 200ms, 50, 0us}, {100ms, Depth::kFull}},
    {"not ready, a thousand nodes", {false, 0s, {}, 999ms, 1000, 0us}, {500ms, Depth::kLight}},
    {"not ready, a thousand nodes, table is old", {false, 0s, {}, 1s, 1000, 0us}, {500ms, Depth::kFull}},
    {"not ready, answers are slow", {false, 0s, {}, 0s, 3, 0us, 5ms}, {40ms, Depth::kLight}},
    {"not ready, answers are very slow", {false, 0s, {}, 0s, 3, 0us, 1s}, {100ms, Depth::kLight}},
    {"a failover has just begun, answers are slow", {true, 1min, 999ms, 0s, 6, 0us, 1s}, {10ms, Depth::kFull}},
    {"not ready for long", {false, 10s, {}, 100ms, 6, 0us}, {200ms, Depth::kFull}},
    {"ready, something changed", {true, 2'999ms, {}, 0s, 6, 0us}, {100ms, Depth::kFull}},
    {"at rest", {true, 3s, {}, 4s, 6, 0us}, {1s, Depth::kLight}},
    {"at rest, table is old", {true, 3s, {}, 5s, 6, 0us}, {1s, Depth::kFull}},
    {"a round takes 5 ms", {false, 1s, {}, 0s, 6, 5ms}, {100ms, Depth::kLight}},
};

class PaceTest : public testing::TestWithParam<Case> {};

TEST_P(PaceTest, FollowsItsRules) { EXPECT_EQ(decide_pace(GetParam().input), GetParam().expected) << GetParam().says; }

INSTANTIATE_TEST_SUITE_P(Rules, PaceTest, testing::ValuesIn(kCases));

}  // namespace
}  // namespace shardkeeper::agent
