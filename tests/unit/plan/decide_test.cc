// The whole planner: order of checks, what is in flight, what failed, what was forgotten.
#include "coordinator/plan/decide.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

std::string decided(const ClusterBuilder& world) {
  const auto outcome = plan::decide(world.snapshot(), world.history());
  return brief(outcome.decision.steps, outcome.decision.findings);
}

ClusterBuilder dead_and_reported() { return a_cluster().dead("vk-0-0").death_seen("vk-0-0", 20ms).reported(); }

model::Promote promotion() {
  return {ShardId{0}, PodName("vk-0-1"), ClusterBuilder::id_of(0, 0, 0), {}, {}, command::FailoverMode::kForce};
}

TEST(Decide, AHealthyClusterIsAtRest) { EXPECT_EQ(decided(a_cluster()), ""); }

TEST(Decide, PromotionComesBeforeTheGateOpens) {
  EXPECT_EQ(decided(dead_and_reported()), "promote vk-0-1 shard=0 mode=force because=ProcessDead; hold pod vk-0-0: GateShut");
}

TEST(Decide, ABrokenShardStopsNobodyElse) {
  auto world = dead_and_reported().change("vk-0-1", [](auto& n) { n.has_synced = false; }).fresh("vk-2-1").change("vk-2-1", [](auto& n) {
    n.in_cluster = true, n.epoch = {9};
  });
  EXPECT_NE(decided(world).find("order vk-2-1 replicate primary=00200000 because=NewNode"), std::string::npos) << decided(world);
}

TEST(Decide, AStepInFlightIsNotStartedAgain) {
  EXPECT_EQ(decided(dead_and_reported().in_flight(promotion())).find("promote"), std::string::npos);
}

TEST(Decide, AStepThatFailedWaitsAndSaysSo) {
  const auto world = dead_and_reported().failing(promotion(), 2, 300ms);
  const auto decision = plan::decide(world.snapshot(), world.history()).decision;
  EXPECT_EQ(brief(decision.steps, decision.findings).find("promote vk"), std::string::npos);
  EXPECT_NE(brief(decision.steps, decision.findings).find("hold pod vk-0-1: StepFailed"), std::string::npos);
  EXPECT_EQ(decision.look_again_at, ClusterBuilder::kNow + 300ms);
}

TEST(Decide, AfterTheBackOffItIsTriedAgain) {
  EXPECT_NE(decided(dead_and_reported().failing(promotion(), 2, -1ms)).find("promote vk-0-1"), std::string::npos);
}

TEST(Decide, WhilePausedOnlyWhatKeepsDataServedGoesOn) {
  auto world = dead_and_reported().pod_gone("vk-1-1");
  world.spec().paused = true;
  const std::string text = decided(world);
  EXPECT_NE(text.find("promote vk-0-1"), std::string::npos) << text;
  EXPECT_EQ(text.find("create-pod"), std::string::npos) << text;
  EXPECT_NE(text.find("hold cluster: Paused"), std::string::npos) << text;
}

TEST(Decide, NeverAsksToLookAgainInThePast) {
  const ClusterBuilder worlds[] = {a_cluster().unheard("vk-0-0"), a_cluster().silent("vk-0-0", 60s),
                                   a_cluster().shards(1).silent("vk-0-0", 60s).failed("vk-0-0"),
                                   a_cluster().replicas(2).dead("vk-0-0").silent("vk-0-2").death_seen("vk-0-0", 60s).reported()};
  for (const auto& world : worlds) {
    const auto decision = plan::decide(world.snapshot(), world.history()).decision;
    EXPECT_GT(decision.look_again_at.value_or(ClusterBuilder::kNow + 1s), ClusterBuilder::kNow) << brief(decision.steps, decision.findings);
  }
}

// A coordinator that just started knows nothing: what it may do is a part of what its predecessor might have done, never more.
TEST(Decide, AnEmptyHistoryNeverPermitsMore) {
  const ClusterBuilder worlds[] = {
      dead_and_reported(),
      dead_and_reported().change("vk-0-1", [](auto& n) { n.has_synced = false; }),
      a_cluster().replicas(2).dead("vk-0-0").silent("vk-0-2").death_seen("vk-0-0", 60s).reported(),
      a_cluster().shards(1).silent("vk-0-0", 60s).failed("vk-0-0"),
      a_cluster()
          .dead("vk-0-0")
          .dead("vk-1-0")
          .death_seen("vk-0-0", 3s, 1)
          .death_seen("vk-1-0", 3s, 2)
          .taken_over("vk-0-0", 100ms)
          .reported(),
  };
  for (auto world : worlds) {
    for (const auto& node : std::vector(world.nodes())) world.change(node.pod, [](auto& n) { n.nonce = 0; });  // its streams are new
    const auto decision = plan::decide(world.snapshot(), model::History()).decision;
    for (const auto& step : decision.steps)
      if (const auto* promote = std::get_if<model::Promote>(&step.action))
        ADD_FAILURE() << "promoted without having waited for reports: " << promote->replica.value;
  }
}

TEST(Decide, AFreshCoordinatorWaitsForReportsOfItsOwn) {
  // The states carry nonces of an earlier coordinator; a stream of ours begins at 0.
  auto world = a_cluster().dead("vk-0-0");
  const auto first = plan::decide(world.snapshot(), model::History());
  EXPECT_EQ(brief(first.decision.steps, {}).substr(0, 18), "ask-report vk-0-1 ");
  world.change("vk-0-1", [&](auto& n) { n.nonce = first.history.last_nonce; });
  const auto second = plan::decide(world.snapshot(), first.history);
  EXPECT_EQ(brief(second.decision.steps, {}).substr(0, 15), "promote vk-0-1 ");
}

TEST(Decide, ForcesOncePerSecondAtMost) {
  const auto world = dead_and_reported();
  const auto first = plan::decide(world.snapshot(), world.history());
  ASSERT_EQ(brief(first.decision.steps, {}).substr(0, 15), "promote vk-0-1 ");
  const auto again = plan::decide(world.snapshot(), first.history);
  EXPECT_EQ(brief(again.decision.steps, {}).find("promote"), std::string::npos);
  EXPECT_EQ(again.decision.look_again_at, ClusterBuilder::kNow + 1s);
}

TEST(Decide, SaysNothingTwice) {
  const auto world = a_cluster().silent("vk-0-0").silent("vk-0-1");
  const auto findings = plan::decide(world.snapshot(), world.history()).decision.findings;
  EXPECT_TRUE(std::ranges::is_sorted(findings));
  EXPECT_EQ(std::ranges::adjacent_find(findings), findings.end());
}

}  // namespace
}  // namespace shardkeeper::test
