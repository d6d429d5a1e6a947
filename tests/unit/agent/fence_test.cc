#include "agent/decide/fence.h"

#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <ostream>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;

enum class Look { kMyself, kSeen, kSuspected, kFailed, kNoAddress };

NodeRow row(char id, Look look, bool owns_slots) {
  NodeRow row{test::node_id(id)};
  row.is_myself = look == Look::kMyself;
  row.is_suspected = look == Look::kSuspected;
  row.is_failed = look == Look::kFailed;
  row.has_no_address = look == Look::kNoAddress;
  if (owns_slots) row.slots = SlotSet::of(0, 1);
  return row;
}

TopologyView view(std::initializer_list<Look> owners, std::initializer_list<Look> others = {}) {
  TopologyView view;
  char id = '0';
  for (const Look look : owners) view.rows.push_back(row(id++, look, true));
  for (const Look look : others) view.rows.push_back(row(id++, look, false));
  return view;
}

TEST(SeesMajority, CountsSlotOwnersFromThreeOn) {
  using enum Look;
  EXPECT_TRUE(sees_majority(view({kMyself, kSeen, kSeen})));
  EXPECT_TRUE(sees_majority(view({kMyself, kSeen, kFailed})));
  EXPECT_FALSE(sees_majority(view({kMyself, kSuspected, kFailed})));
  EXPECT_FALSE(sees_majority(view({kMyself, kSeen, kFailed, kNoAddress}))) << "half is no majority";
  EXPECT_FALSE(sees_majority(view({kMyself, kFailed, kFailed}, {kSeen, kSeen}))) << "replicas do not vote";
}

TEST(SeesMajority, TakesAnyMemberBelowThree) {
  using enum Look;
  EXPECT_TRUE(sees_majority(view({kMyself}, {kSeen})));
  EXPECT_FALSE(sees_majority(view({kMyself}, {kSuspected})));
  EXPECT_TRUE(sees_majority(view({kMyself}))) << "cut off from nobody";
}

struct Case {
  const char* says;
  FenceInput input;
  FenceOrder expected;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.says; }

const Case kCases[] = {
    {"all is well", {true, false, true, 1h, 0ms, 5s}, FenceOrder::kLeave},
    {"no coordinator, but a majority", {true, false, true, 1h, 1h, 5s}, FenceOrder::kLeave},
    {"no majority, but a coordinator", {true, false, false, 1h, 5s, 5s}, FenceOrder::kLeave},
    {"neither", {true, false, false, 0ms, 5'001ms, 5s}, FenceOrder::kRaise},
    {"neither, but no writes come here", {false, false, false, 0ms, 1h, 5s}, FenceOrder::kLeave},
    {"fenced, still alone", {true, true, false, 1h, 1h, 5s}, FenceOrder::kLeave},
    {"fenced, a majority just seen", {true, true, true, 4'999ms, 1h, 5s}, FenceOrder::kLeave},
    {"fenced, a majority seen for a node timeout", {true, true, true, 5s, 1h, 5s}, FenceOrder::kLift},
    {"fenced as a replica, a majority seen", {false, true, true, 5s, 1h, 5s}, FenceOrder::kLift},
};

class FenceTest : public testing::TestWithParam<Case> {};

TEST_P(FenceTest, DecidesAsStated) { EXPECT_EQ(decide_fence(GetParam().input), GetParam().expected) << GetParam().says; }

INSTANTIATE_TEST_SUITE_P(Rules, FenceTest, testing::ValuesIn(kCases));

}  // namespace
}  // namespace shardkeeper::agent
