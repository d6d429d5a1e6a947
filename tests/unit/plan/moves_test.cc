// The planner of slot moves on owners written out by hand; tests/property has the general statements.
#include "coordinator/plan/slots/moves.h"

#include <gtest/gtest.h>

namespace shardkeeper::plan {
namespace {

Owners equal_owners(int shards) {
  Owners owners;
  for (int shard = 0; shard < shards; ++shard)
    owners[ShardId{shard}] = SlotSet::of(kSlotCount * shard / shards, kSlotCount * (shard + 1) / shards - 1);
  return owners;
}

Weights equal_weights(int shards) {
  Weights weights;
  for (int shard = 0; shard < shards; ++shard) weights[ShardId{shard}] = 1;
  return weights;
}

std::string told(const std::vector<Move>& moves) {
  std::string text;
  for (const auto& move : moves)
    text += (text.empty() ? "" : "; ") + (move.from ? to_string(*move.from) : "nobody") + ">" + to_string(move.to) + " " +
            to_string(move.slots);
  return text;
}

int count(const std::vector<Move>& moves) {
  int slots = 0;
  for (const auto& move : moves) slots += move.slots.count();
  return slots;
}

TEST(PlanMoves, ThreeEqualShardsToFourMoves4096SlotsInOneRangeEach) {
  const auto moves = plan_moves(equal_owners(3), equal_weights(4));
  EXPECT_EQ(told(moves), "0>3 4096-5460; 1>3 9557-10921; 2>3 15018-16383");
  EXPECT_EQ(count(moves), 4096);
}

TEST(PlanMoves, BalancedOwnersStayAsTheyAre) {
  for (const int shards : {1, 3, 4, 7, 100}) EXPECT_EQ(told(plan_moves(equal_owners(shards), equal_weights(shards))), "") << shards;
}

TEST(PlanMoves, ALeavingShardGivesEachSlotStraightToItsFinalOwner) {
  EXPECT_EQ(told(plan_moves(equal_owners(4), equal_weights(3))), "3>0 12288-13652; 3>1 13653-15017; 3>2 15018-16383");
  EXPECT_EQ(told(plan_moves(equal_owners(3), equal_weights(1))), "1>0 5461-10921; 2>0 10922-16383");
}

TEST(PlanMoves, NobodysSlotsAreGivenToWhoeverWantsThem) {
  auto owners = equal_owners(3);
  owners[ShardId{1}] = SlotSet::of(6000, 10921);
  EXPECT_EQ(told(plan_moves(owners, equal_weights(3))), "nobody>1 5461-5999");
}

TEST(PlanMoves, SharesFollowWeights) {
  const auto targets = target_counts({}, {{ShardId{0}, 1}, {ShardId{1}, 2}, {ShardId{2}, 0}, {ShardId{5}, 1}});
  EXPECT_EQ(targets, (std::map<ShardId, int>{{ShardId{0}, 4096}, {ShardId{1}, 8192}, {ShardId{5}, 4096}}));
}

TEST(PlanMoves, WhoOwnsTheOddSlotKeepsIt) {
  Owners owners{{ShardId{0}, SlotSet::of(0, 5460)}, {ShardId{1}, SlotSet::of(5461, 10922)}, {ShardId{2}, SlotSet::of(10923, 16383)}};
  EXPECT_EQ(told(plan_moves(owners, equal_weights(3))), "");
}

TEST(PlanMoves, WithoutAnybodyToOwnSlotsNothingMoves) {
  EXPECT_TRUE(plan_moves(equal_owners(3), {}).empty());
  EXPECT_TRUE(target_counts(equal_owners(3), {{ShardId{0}, 0}}).empty());
}

TEST(PlanMoves, AFullCircleEndsWithTheFirstOwners) {
  auto owners = equal_owners(3);
  for (const int shards : {4, 3})
    for (const auto& move : plan_moves(owners, equal_weights(shards))) {
      owners[*move.from] = owners[*move.from].without(move.slots);
      owners[move.to] = owners[move.to].united(move.slots);
    }
  EXPECT_TRUE(owners[ShardId{3}].empty());
  // The taker's ranges go back in order: at most one slot of each sits elsewhere.
  for (int shard = 0; shard < 3; ++shard) EXPECT_LE(owners[ShardId{shard}].without(equal_owners(3)[ShardId{shard}]).count(), 1);
}

TEST(Lowest, AndHighestCutARange) {
  const auto slots = SlotSet::parse("0-9,20-29,40").value();
  EXPECT_EQ(to_string(lowest(slots, 12)), "0-9,20-21");
  EXPECT_EQ(to_string(highest(slots, 12)), "9,20-29,40");
  EXPECT_EQ(lowest(slots, 99), slots);
  EXPECT_EQ(highest(slots, 99), slots);
  EXPECT_TRUE(lowest(slots, 0).empty());
}

}  // namespace
}  // namespace shardkeeper::plan
