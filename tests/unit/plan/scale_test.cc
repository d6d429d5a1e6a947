// New shards are completed before they take slots, half-open slots are closed, and shards that leave go last.
#include "coordinator/plan/decide.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Direction = OpenSlot::Direction;

// --- seats of new shards

// Shard 3 is new: its nodes have met the others, and nobody is its primary yet.
ClusterBuilder a_shard_without_primary() {
  auto world = a_cluster().shards(4);
  for (int shard = 0; shard < 3; ++shard)
    world.node("vk-" + std::to_string(shard) + "-0").slots = SlotSet::of(kSlotCount * shard / 3, kSlotCount * (shard + 1) / 3 - 1);
  for (const char* pod : {"vk-3-0", "vk-3-1"})
    world.fresh(pod).change(pod,
                            [](auto& n) { n.in_cluster = true, n.cluster_ok = true, n.epoch = {static_cast<unsigned>(10 + n.member)}; });
  return world;
}

class SeatsCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(SeatsCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_replicas, GetParam().world), GetParam().expect); }

const CheckCase kSeats[] = {
    {"the seat of a new shard is where fewest primaries are",
     a_shard_without_primary()
         .change("vk-3-0", [](auto& n) { n.worker = "w2"; })
         .change("vk-2-0", [](auto& n) { n.worker = "w2"; })
         .change("vk-3-1", [](auto& n) { n.worker = "w3"; }),
     "order vk-3-0 replicate primary=00301001 because=NewNode"},
    {"the others replicate it", a_shard_without_primary(), "order vk-3-1 replicate primary=00300001 because=NewNode"},
    {"a seat that is followed is kept",
     a_shard_without_primary().change("vk-3-0", [](auto& n) { n.is_primary = false, n.follows = "vk-3-1", n.has_synced = true; }), ""},
    {"pods that arrive are waited for", a_shard_without_primary().first_start("vk-3-1").edit([](auto& s) {
       for (auto& info : s.pods)
         if (info.pod.name.value.starts_with("vk-3")) info.first_seen = s.now - 1s;
     }),
     ""},
    {"a shard whose primary is dead is not new",
     a_cluster().shards(3).dead("vk-2-0").change("vk-2-1", [](auto& n) { n.is_primary = true, n.follows.clear(), n.keys = 0; }), ""},
};
INSTANTIATE_TEST_SUITE_P(Seats, SeatsCheck, testing::ValuesIn(kSeats), name_of);

// --- half-open slots

class HalfOpenCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(HalfOpenCheck, DecidesAsStated) {
  model::History history = GetParam().world.history();
  auto world = GetParam().world;
  const auto first = run(plan::check_half_open, world, history);
  EXPECT_EQ(brief(first.steps, {}), "") << "not in the first moment: reports of both ends come one after the other";
  const auto verdict = run(plan::check_half_open, world.pass_time(2s), history);
  EXPECT_EQ(brief(verdict.steps, verdict.findings), GetParam().expect);
}

const CheckCase kHalfOpen[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"a move cut off at both ends is finished",
     a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").open_slot("vk-1-0", 7, Direction::kImporting, "vk-0-0"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7 because=HalfOpen"},
    {"also where only the owner has its flag", a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7 because=HalfOpen"},
    {"and where only the importing end has", a_cluster().open_slot("vk-1-0", 7, Direction::kImporting, "vk-0-0"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7 because=HalfOpen"},
    {"slots between the same ends are finished together",
     a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").open_slot("vk-1-0", 9, Direction::kImporting, "vk-0-0"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7,9 because=HalfOpen"},
    {"also where flags name both members of the other shard",
     a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").open_slot("vk-0-0", 8, Direction::kMigrating, "vk-1-1"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7-8 because=HalfOpen"},
    {"the other end needs room for what is left",
     a_cluster()
         .open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0")
         .change("vk-0-0", [](auto& n) { n.keys = 1'000'000, n.bytes_used = 80 << 20; })
         .change("vk-1-0", [](auto& n) { n.bytes_used = 95 << 20, n.bytes_max = 100 << 20; }),
     "hold shard 1: NoHeadRoom"},
    {"the owner counts, not whom the importing end names", a_cluster().open_slot("vk-1-0", 16000, Direction::kImporting, "vk-0-0"),
     "order vk-2-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=16000 because=HalfOpen"},
    {"the flag of somebody who owns the slot by now is left to its server",
     a_cluster().open_slot("vk-1-0", 6000, Direction::kImporting, "vk-0-0"), ""},
    {"one owner has one job at a time",
     a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").open_slot("vk-0-0", 8, Direction::kMigrating, "vk-2-0"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7 because=HalfOpen"},
    {"slots of a job that runs are its own business",
     a_cluster()
         .open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0")
         .migrating("vk-0-0", "vk-1-0", SlotSet::of(7, 9), MigrationProgress::Stage::kRunning),
     ""},
    {"an end that cannot be reached may hold keys", a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").silent("vk-1-0"),
     "hold pod vk-0-0: SlotsWait"},
    {"an end that is gone for good holds nothing",
     a_cluster().replicas(0).shards(4).open_slot("vk-0-0", 7, Direction::kMigrating, "vk-3-0").asked(3).dead("vk-3-0"),
     "order vk-0-0 set-slots mode=stable node=00300000 slots=7 because=HalfOpen"},
    {"a flag left at who does not own the slot any more is cleared", a_cluster().open_slot("vk-0-0", 6000, Direction::kMigrating, "vk-1-0"),
     "order vk-0-0 set-slots mode=stable node=00000000 slots=6000 because=HalfOpen"},
    {"but not while a job works on it",
     a_cluster()
         .open_slot("vk-0-0", 6000, Direction::kMigrating, "vk-1-0")
         .migrating("vk-0-0", "vk-1-0", SlotSet::of(5999, 6001), MigrationProgress::Stage::kRunning),
     ""},
    {"who follows another by now has given its slots to that one", a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-1"),
     "order vk-0-0 start-migration job=m-0-1-finish to=vk-1-0 engine=keys slots=7 because=HalfOpen"},
};
INSTANTIATE_TEST_SUITE_P(HalfOpen, HalfOpenCheck, testing::ValuesIn(kHalfOpen), name_of);

TEST(HalfOpenSlots, APairThatWaitsAfterAFailureDoesNotKeepItsOwnerFromAnotherPair) {
  auto world = a_cluster().open_slot("vk-0-0", 7, Direction::kMigrating, "vk-1-0").open_slot("vk-0-0", 8, Direction::kMigrating, "vk-2-0");
  model::History history = world.history();
  history.troubles = {{SlotSet::of(7, 7), 4, world.snapshot().now + 5min, "a bad key"}};
  (void)run(plan::check_half_open, world, history);
  EXPECT_EQ(brief(run(plan::check_half_open, world.pass_time(2s), history).steps, {}),
            "order vk-0-0 start-migration job=m-0-1-finish to=vk-2-0 engine=keys slots=8 because=HalfOpen");
}

// --- shards that leave

// Shard 3 is empty and not asked for.
ClusterBuilder an_empty_leaver() {
  auto world = a_cluster().shards(4).asked(3);
  for (int shard = 0; shard < 3; ++shard)
    world.node("vk-" + std::to_string(shard) + "-0").slots = SlotSet::of(kSlotCount * shard / 3, kSlotCount * (shard + 1) / 3 - 1);
  world.node("vk-3-0").slots = {};
  world.node("vk-3-0").keys = world.node("vk-3-1").keys = 0;
  return world;
}

model::History released() {
  model::History history;
  history.released.insert(ShardId{3});
  return history;
}

std::string decided(const ClusterBuilder& world, model::History& history) {
  auto outcome = plan::decide(world.snapshot(), history);
  history = std::move(outcome.history);
  std::erase_if(outcome.decision.steps, [](const model::Step& step) {
    return std::holds_alternative<model::LabelPod>(step.action) || std::holds_alternative<model::SetPodCondition>(step.action);
  });
  return brief(outcome.decision.steps, outcome.decision.findings);
}

TEST(Leaving, AShardThatOwnsSlotsKeepsItsReplicas) {
  auto world = a_cluster().shards(4).asked(3).pod_gone("vk-3-1");
  EXPECT_NE(said(plan::check_pods, world).find("create-pod shard=3"), std::string::npos) << said(plan::check_pods, world);
  EXPECT_EQ(said(plan::check_leaving, world), "hold shard 3: ShardEmptying");
}

TEST(Leaving, WaitsUntilThoseThatStayHaveCaughtUp) {
  auto world = an_empty_leaver();
  model::History history;
  auto verdict = run(plan::check_leaving, world, history);
  EXPECT_EQ(brief(verdict.steps, verdict.findings),
            "ask-report vk-0-0 because=ReportWanted; ask-report vk-1-0 because=ReportWanted; ask-report vk-2-0 because=ReportWanted; "
            "hold shard 3: ShardEmptying");
  for (const char* pod : {"vk-0-0", "vk-1-0", "vk-2-0"}) world.change(pod, [](auto& n) { n.nonce = 1, n.offset = 5000; });
  for (const char* pod : {"vk-0-1", "vk-1-1"}) world.change(pod, [](auto& n) { n.offset = 5000; });
  verdict = run(plan::check_leaving, world, history);
  EXPECT_EQ(brief(verdict.steps, verdict.findings), "ask-report vk-2-1 because=ReportWanted; hold shard 3: ShardEmptying");
  EXPECT_TRUE(history.released.empty());
  world.change("vk-2-1", [](auto& n) { n.offset = 5001; });
  run(plan::check_leaving, world, history);
  EXPECT_TRUE(history.released.contains(ShardId{3}));
}

TEST(Leaving, WaitsWhileAReplicaOfThoseThatStayIsMissing) {
  auto world = an_empty_leaver().pod_gone("vk-1-1");
  for (const char* pod : {"vk-0-0", "vk-1-0", "vk-2-0"}) world.change(pod, [](auto& n) { n.nonce = 1; });
  model::History history;
  for (int pass = 0; pass < 5; ++pass) run(plan::check_leaving, world.pass_time(1s), history);
  EXPECT_TRUE(history.released.empty());
}

TEST(Leaving, KeysOrOpenSlotsLeftBehindStopIt) {
  model::History history;
  auto keys = an_empty_leaver().change("vk-3-0", [](auto& n) { n.keys = 3; });
  EXPECT_EQ(said(plan::check_leaving, keys), "hold shard 3: ShardEmptying");
  auto open = an_empty_leaver().open_slot("vk-3-0", 7, Direction::kImporting, "vk-0-0");
  EXPECT_EQ(said(plan::check_leaving, open), "hold shard 3: ShardEmptying");
}

// It was not online when its primary closed the slot (Valkey issues 998, 1664).
TEST(Leaving, AFlagLeftAtAReplicaDoesNot) {
  const auto world = an_empty_leaver().open_slot("vk-3-1", 7, Direction::kMigrating, "vk-0-0");
  EXPECT_EQ(said(plan::check_leaving, world), said(plan::check_leaving, an_empty_leaver()));
  auto without_primary = an_empty_leaver().open_slot("vk-3-1", 7, Direction::kMigrating, "vk-0-0").silent("vk-3-0");
  model::History history;
  const auto verdict = run(plan::check_leaving, without_primary, history);
  ASSERT_EQ(verdict.findings.size(), 1U);
  EXPECT_EQ(verdict.findings[0].detail, "it owns nothing any more, but pod vk-3-1 has half moved slots");
}

TEST(Leaving, ItsNodesAreShutDownForgottenAndRemoved) {
  auto history = released();
  auto world = an_empty_leaver();
  EXPECT_EQ(decided(world, history), "order vk-3-0 shutdown because=ShardLeaves; order vk-3-1 shutdown because=ShardLeaves");
  world.dead("vk-3-0").dead("vk-3-1");
  const auto said_then = decided(world, history);
  EXPECT_NE(said_then.find("order vk-0-0 forget 00300000 00301000 because=Ghost"), std::string::npos) << said_then;
  EXPECT_EQ(said_then.find("grant-start"), std::string::npos) << said_then;
  EXPECT_EQ(said_then.find("evict"), std::string::npos) << said_then;
  world.forgotten("vk-3-0").forgotten("vk-3-1");
  EXPECT_EQ(decided(world, history), "remove-pod vk-3-0 because=ShardLeaves; remove-pod vk-3-1 because=ShardLeaves");
}

TEST(Leaving, AShardThatIsWantedAgainStays) {
  auto history = released();
  auto world = an_empty_leaver().asked(4);
  EXPECT_EQ(decided(world, history).find("shutdown"), std::string::npos);
  EXPECT_TRUE(history.released.empty());
}

TEST(Leaving, OfThreeToOneNobodyGoesBeforeAllAreEmpty) {
  auto world = a_cluster().asked(1).moved("vk-2-0", "vk-0-0", SlotSet::of(10922, 16383));
  world.node("vk-0-0").nonce = 1;
  model::History history;
  for (int pass = 0; pass < 3; ++pass) run(plan::check_leaving, world.pass_time(1s), history);
  EXPECT_TRUE(history.released.empty());
}

}  // namespace
}  // namespace shardkeeper::test
