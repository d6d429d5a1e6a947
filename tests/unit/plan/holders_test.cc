// Keys come before ownership: who may hold keys of slots that are on their way to it counts as its shard's primary wherever losing it
// would lose them.
#include "coordinator/plan/placement/membership.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Direction = OpenSlot::Direction;
using Stage = MigrationProgress::Stage;

// Shard 3 is new and owns nothing.
ClusterBuilder a_new_shard() {
  auto world = a_cluster().shards(4);
  for (int shard = 0; shard < 3; ++shard)
    world.node("vk-" + std::to_string(shard) + "-0").slots = SlotSet::of(kSlotCount * shard / 3, kSlotCount * (shard + 1) / 3 - 1);
  world.node("vk-3-0").slots = {};
  world.node("vk-3-0").keys = world.node("vk-3-1").keys = 0;
  return world;
}

// Its primary imports its first slot; some keys are there, at the replica too.
ClusterBuilder an_importing_shard() {
  return a_new_shard()
      .open_slot("vk-2-0", 16383, Direction::kMigrating, "vk-3-0")
      .open_slot("vk-3-0", 16383, Direction::kImporting, "vk-2-0")
      .open_slot("vk-3-1", 16383, Direction::kImporting, "vk-2-0")
      .change("vk-3-0", [](auto& n) { n.keys = 5; })
      .change("vk-3-1", [](auto& n) { n.keys = 5; });
}

// An empty server that could be a primary as it is.
ClusterBuilder with_newcomer(ClusterBuilder world, const std::string& pod, int shard) {
  return world.extra(pod, shard, "w3").change(pod, [](auto& n) {
    n.is_primary = true;
    n.follows.clear();
    n.keys = 0;
    n.epoch = {20};
  });
}

ClusterBuilder promoted_while_importing() {
  return an_importing_shard().dead("vk-3-0").change("vk-3-1", [](auto& n) {
    n.is_primary = true;
    n.follows.clear();
    n.epoch = {21};
  });
}

class Holders : public testing::TestWithParam<CheckCase> {};
TEST_P(Holders, KeepTheirReplicasAndTheirSeat) { EXPECT_EQ(said(plan::check_replicas, GetParam().world), GetParam().expect); }

const CheckCase kReplicas[] = {
    {"who imports keeps its seat, and a newcomer replicates it", with_newcomer(an_importing_shard(), "vk-3-2", 3),
     "order vk-3-2 replicate primary=00300000 because=NewNode"},
    {"so does the target of a job before its first key",
     with_newcomer(a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(16383, 16383), Stage::kRunning), "vk-3-2", 3)
         .follows("vk-3-1", "vk-3-2"),
     "order vk-3-1 replicate primary=00300000 because=WrongPrimary; order vk-3-2 replicate primary=00300000 because=NewNode"},
    {"and who holds keys though no flag says why",
     with_newcomer(a_new_shard().change("vk-3-0", [](auto& n) { n.keys = 5; }), "vk-3-2", 3).follows("vk-3-1", "vk-3-2"),
     "order vk-3-1 replicate primary=00300000 because=WrongPrimary; order vk-3-2 replicate primary=00300000 because=NewNode"},
    {"in a leaving shard, too", with_newcomer(an_importing_shard(), "vk-3-2", 3).asked(3),
     "order vk-3-2 replicate primary=00300000 because=NewNode"},
    {"a replica with imported keys is not given to a newcomer when its primary died",
     with_newcomer(an_importing_shard().dead("vk-3-0"), "vk-3-2", 3), ""},
    {"nor when that one cannot be reached", with_newcomer(an_importing_shard().silent("vk-3-0"), "vk-3-2", 3), ""},
    {"a replica without any follows a newcomer", with_newcomer(a_new_shard().dead("vk-3-0"), "vk-3-2", 3),
     "order vk-3-1 replicate primary=00302000 because=WrongPrimary"},
    {"once promoted it is followed", with_newcomer(promoted_while_importing(), "vk-3-2", 3),
     "order vk-3-2 replicate primary=00301000 because=NewNode"},
    {"keys of somebody else do not count while the owner is out of sight",
     with_newcomer(a_cluster().silent("vk-0-0"), "vk-0-2", 0).change("vk-0-2", [](auto& n) { n.keys = 9; }), ""},
    {"nor while its replica knows the owner",
     with_newcomer(a_cluster().pod_gone("vk-0-0"), "vk-0-2", 0).change("vk-0-2", [](auto& n) { n.keys = 9; }), ""},
};
INSTANTIATE_TEST_SUITE_P(Plan, Holders, testing::ValuesIn(kReplicas), name_of);

ClusterBuilder taker_died(ClusterBuilder world) { return world.dead("vk-3-0").death_seen("vk-3-0", 20ms).reported(); }

class TakersDeath : public testing::TestWithParam<CheckCase> {};
TEST_P(TakersDeath, IsAFailover) { EXPECT_EQ(said(plan::check_failover, GetParam().world), GetParam().expect); }

const CheckCase kDeaths[] = {
    {"its replica has the keys and takes over", taker_died(an_importing_shard()), "promote vk-3-1 shard=3 mode=force because=ProcessDead"},
    {"it reports first", an_importing_shard().dead("vk-3-0"), "ask-report vk-3-1 because=ReportWanted; hold shard 3: WaitingForReports"},
    {"without keys there is nothing to save", taker_died(a_new_shard()), ""},
    {"one that never finished a sync has not all keys",
     taker_died(an_importing_shard().change("vk-3-1", [](auto& n) { n.has_synced = false; })), "hold shard 3: NoCandidate"},
    {"one that cannot be reached is left to the election", an_importing_shard().silent("vk-3-0"), "hold shard 3: PrimaryUnreachable"},
    {"once promoted nothing is left to do", promoted_while_importing(), ""},
};
INSTANTIATE_TEST_SUITE_P(Plan, TakersDeath, testing::ValuesIn(kDeaths), name_of);

TEST(Takers, AreReplacedOnce) {
  auto world = taker_died(an_importing_shard());
  model::History history = world.history();
  const std::uint64_t nonce = history.last_nonce;
  EXPECT_EQ(run(plan::check_failover, world, history).steps.size(), 1U);
  EXPECT_EQ(run(plan::check_failover, world.pass_time(100ms), history).steps.size(), 0U) << "FORCE wins within a second or not at all";
  EXPECT_EQ(history.last_nonce, nonce) << "it is the same death";
}

// Whoever imports is not one replica too many, nor is it left without replicas because its shard leaves.
TEST(Takers, AreNoSurplus) {
  const auto world = with_newcomer(an_importing_shard(), "vk-3-2", 3).follows("vk-3-2", "vk-3-0");
  const auto snapshot = world.snapshot();
  const model::History history;
  const plan::World indexed(snapshot, history);
  for (const auto index : plan::surplus_of(indexed, indexed.shards.at(ShardId{3})))
    EXPECT_NE(indexed.members[index].name(), PodName("vk-3-0"));
  EXPECT_NE(said(plan::check_pods, an_importing_shard().asked(3).pod_gone("vk-3-1")).find("create-pod shard=3"), std::string::npos);
}

TEST(Takers, AreLeftAloneWhenTheyHang) {
  EXPECT_EQ(said(plan::check_hung, an_importing_shard().hung("vk-3-0")), "hold pod vk-3-0: HungSoleCopy");
  EXPECT_EQ(said(plan::check_hung, a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(9, 9), Stage::kRunning).hung("vk-3-0")),
            "hold pod vk-3-0: HungSoleCopy");
}

// --- a death while an atomic migration is at its last step (Valkey issue 2724)

// Slots go from shard 0 to shard 1; `dead` died, its replica has reported since.
ClusterBuilder died_at_the_last_step(const std::string& dead) {
  auto world = a_cluster().migrating("vk-0-0", "vk-1-0", SlotSet::of(0, 99), Stage::kRunning);
  world.node("vk-0-0").migration->is_handing_over = true;
  const std::string replica = dead.substr(0, 5) + "1";
  return world.dead(dead).death_seen(dead, 20ms).change(replica, [](auto& n) { n.nonce = 1; });
}

TEST(LastStep, TheHeirLearnsFirstWhoOwnsTheSlots) {
  auto source = died_at_the_last_step("vk-0-0");
  EXPECT_EQ(said(plan::check_failover, source), "ask-report vk-1-0 because=ReportWanted; hold shard 0: WaitingForReports");
  EXPECT_EQ(said(plan::check_failover, source.reported()), "promote vk-0-1 shard=0 mode=force because=ProcessDead");

  auto target = died_at_the_last_step("vk-1-0");
  EXPECT_EQ(said(plan::check_failover, target), "ask-report vk-0-0 because=ReportWanted; hold shard 1: WaitingForReports");
  EXPECT_EQ(said(plan::check_failover, target.reported()), "promote vk-1-1 shard=1 mode=force because=ProcessDead");
}

TEST(LastStep, IsNotWaitedForLong) {
  auto world = died_at_the_last_step("vk-0-0");
  EXPECT_EQ(said(plan::check_failover, world.pass_time(500ms)), "promote vk-0-1 shard=0 mode=force because=ProcessDead");
}

}  // namespace
}  // namespace shardkeeper::test
