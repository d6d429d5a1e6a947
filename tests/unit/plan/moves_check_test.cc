// When slots move, between whom and how; what waits, and why.
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Stage = MigrationProgress::Stage;

// Shards 0 to 2 own everything, shard 3 is new and complete.
ClusterBuilder a_new_shard(int replicas = 1) {
  auto world = a_cluster().shards(4).replicas(replicas);
  for (int shard = 0; shard < 3; ++shard)
    world.node("vk-" + std::to_string(shard) + "-0").slots = SlotSet::of(kSlotCount * shard / 3, kSlotCount * (shard + 1) / 3 - 1);
  world.node("vk-3-0").slots = {};
  for (int member = 0; member <= replicas; ++member) world.node("vk-3-" + std::to_string(member)).keys = 0;
  return world;
}

ClusterBuilder of_version(ClusterBuilder world, ServerVersion version) {
  for (const auto& node : std::vector(world.nodes())) world.node(node.pod).version = version;
  return world;
}

ClusterBuilder with_engine(ClusterBuilder world, model::MigrationEngine engine) {
  world.spec().migration.engine = engine;
  return world;
}

ClusterBuilder with(ClusterBuilder world, const std::function<void(model::ClusterSpec&)>& change) {
  change(world.spec());
  return world;
}

ClusterBuilder failed_job(const std::string& error) {
  return a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kFailed, "m-0-1", error);
}

class MovesCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(MovesCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_moves, GetParam().world), GetParam().expect); }

const char* const kFirstJob =
    "order vk-2-0 start-migration job=m-0-1 to=vk-3-0 engine=keys slots=15018-16383 because=Rebalance; hold cluster: SlotsMoving";
const char* const kFirstAtomicJob =
    "order vk-2-0 start-migration job=m-0-1 to=vk-3-0 engine=atomic slots=15018-16383 because=Rebalance; hold cluster: SlotsMoving";

const CheckCase kMoves[] = {
    {"equal shards stay as they are", a_cluster(), ""},
    {"a new shard takes its share, one giver at a time", a_new_shard(), kFirstJob},
    {"a new shard without replicas asked for needs none", a_new_shard(0), kFirstJob},
    {"a new shard waits for its replicas", a_new_shard().change("vk-3-1", [](auto& n) { n.has_synced = false; }),
     "hold cluster: SlotsMoving; hold shard 3: SlotsWait"},
    {"a new shard waits for missing replicas", a_new_shard().pod_gone("vk-3-1"), "hold cluster: SlotsMoving; hold shard 3: SlotsWait"},
    {"a shard that owns slots takes no more while its replica is missing", a_cluster().shards(4).asked(3).pod_gone("vk-0-1"),
     "order vk-3-0 start-migration job=m-0-1 to=vk-2-0 engine=keys slots=15018-16383 because=Rebalance; hold cluster: SlotsMoving; "
     "hold shard 0: SlotsWait"},
    {"a giver whose replica is not online waits, others give", a_new_shard().change("vk-2-1", [](auto& n) { n.link_up = false; }),
     "order vk-0-0 start-migration job=m-0-1 to=vk-3-0 engine=keys slots=4096-5460 because=Rebalance; hold cluster: SlotsMoving; "
     "hold shard 2: SlotsWait"},
    {"a shard whose primary is silent waits, others give", a_new_shard().silent("vk-2-0"),
     "order vk-0-0 start-migration job=m-0-1 to=vk-3-0 engine=keys slots=4096-5460 because=Rebalance; hold cluster: SlotsMoving; "
     "hold shard 2: SlotsWait"},
    {"three pairs move at once",
     a_new_shard(0)
         .asked(6)
         .extra("vk-4-0", 4, "w1")
         .extra("vk-5-0", 5, "w2")
         .change("vk-4-0", [](auto& n) { n.is_primary = true, n.epoch = {9}, n.keys = 0; })
         .change("vk-5-0", [](auto& n) { n.is_primary = true, n.epoch = {10}, n.keys = 0; }),
     "order vk-2-0 start-migration job=m-0-1 to=vk-5-0 engine=keys slots=13653-16383 because=Rebalance; "
     "order vk-0-0 start-migration job=m-0-2 to=vk-3-0 engine=keys slots=2731-5460 because=Rebalance; "
     "order vk-1-0 start-migration job=m-0-3 to=vk-4-0 engine=keys slots=8192-10921 because=Rebalance; hold cluster: SlotsMoving"},
    {"while a start is on its way its ends are busy",
     a_new_shard().in_flight(model::Order{PodName("vk-2-0"), command::StartMigration{{.id = "m-0-7",
                                                                                      .slots = SlotSet::of(15018, 16383),
                                                                                      .target_pod = PodName("vk-3-0"),
                                                                                      .target_agent = {},
                                                                                      .target_node = a_new_shard().id("vk-3-0"),
                                                                                      .target_server = {}}}}),
     "hold cluster: SlotsMoving"},
    {"while a job runs its ends are busy", a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving"},
    {"what a job did but its source does not know yet is not moved again",
     a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kDone), "hold cluster: SlotsMoving"},
    {"a job is bounded by keys", a_new_shard().change("vk-2-0", [](auto& n) { n.keys = 1'000'000; }),
     "order vk-2-0 start-migration job=m-0-1 to=vk-3-0 engine=keys slots=15018-15563 because=Rebalance; hold cluster: SlotsMoving"},
    {"MIGRATESLOTS is trusted from 9.1.2 on", of_version(a_new_shard(), {9, 1, 2}), kFirstAtomicJob},
    {"and not before", of_version(a_new_shard(), {9, 1, 1}), kFirstJob},
    {"unless the spec says so", with_engine(of_version(a_new_shard(), {9, 0, 0}), model::MigrationEngine::kAtomic), kFirstAtomicJob},
    {"which cannot make old servers know it", with_engine(a_new_shard(), model::MigrationEngine::kAtomic), kFirstJob},
    {"the spec can refuse it", with_engine(of_version(a_new_shard(), {9, 1, 2}), model::MigrationEngine::kKeys), kFirstJob},
    {"both ends must know it",
     of_version(a_new_shard(), {9, 1, 2})
         .change("vk-3-0",
                 [](auto& n) {
                   n.version = {8, 1, 0};
                 }),
     kFirstJob},
    {"FUNCTIONs come before the first slot", a_new_shard().change("vk-0-0", [](auto& n) { n.functions_hash = 7; }),
     "order vk-0-0 copy-functions to=vk-3-0 because=NewShard; hold cluster: SlotsMoving"},
    {"who has them takes slots",
     a_new_shard().change("vk-0-0", [](auto& n) { n.functions_hash = 7; }).change("vk-3-0", [](auto& n) { n.functions_hash = 7; }),
     kFirstJob},
    {"a taker without room takes nothing",
     a_new_shard().change("vk-3-0", [](auto& n) { n.bytes_used = 95 << 20, n.bytes_max = 100 << 20; }),
     "hold cluster: SlotsMoving; hold shard 3: NoHeadRoom"},
    {"what a job brings needs room",
     a_new_shard()
         .migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning)
         .change("vk-2-0", [](auto& n) { n.keys = 1'000'000, n.bytes_used = 100 << 20; })
         .change("vk-3-0", [](auto& n) { n.bytes_used = 80 << 20, n.bytes_max = 100 << 20; }),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving; hold shard 3: NoHeadRoom"},
    {"once: what has come is in what the taker uses",
     a_new_shard()
         .migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning)
         .change("vk-2-0",
                 [](auto& n) {
                   n.keys = 1'000'000, n.bytes_used = 100 << 20;
                   n.migration->keys_total = n.migration->keys_done = 250'000;
                 })
         .change("vk-3-0", [](auto& n) { n.bytes_used = 80 << 20, n.bytes_max = 100 << 20; }),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving"},
    {"the pod's limit counts where the server has none",
     with(a_new_shard().change("vk-3-0", [](auto& n) { n.bytes_used = 95 << 20; }), [](auto& s) { s.memory_limit_bytes = 140 << 20; }),
     "hold cluster: SlotsMoving; hold shard 3: NoHeadRoom"},
    {"a server that evicts keys never lacks room",
     with(a_new_shard().change("vk-3-0", [](auto& n) { n.bytes_used = 95 << 20, n.bytes_max = 100 << 20; }),
          [](auto& s) { s.config["maxmemory-policy"] = "allkeys-lru"; }),
     kFirstJob},
    {"a paused cluster starts nothing", with(a_new_shard(), [](auto& s) { s.paused = true; }),
     "hold cluster: SlotsMoving; hold cluster: Paused"},
    {"a job that runs ends when the cluster is paused",
     with(a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning), [](auto& s) { s.paused = true; }),
     "order vk-2-0 cancel-migration job=m-0-1 because=Paused; hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving; hold cluster: "
     "Paused"},
    {"and is told so once",
     with(a_new_shard()
              .migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning)
              .change("vk-2-0", [](auto& n) { n.migration->is_cancelled = true; }),
          [](auto& s) { s.paused = true; }),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving; hold cluster: Paused"},
    {"but not what a person began at the server",
     with(a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning, "found-12345678"),
          [](auto& s) { s.paused = true; }),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving; hold cluster: Paused"},
    {"a limit reaches a job that runs",
     with(a_new_shard().migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning),
          [](auto& s) { s.migration.max_bytes_per_second = 300; }),
     "order vk-2-0 throttle-migration job=m-0-1 bytes-per-second=300 because=Rebalance; hold pod vk-2-0: SlotsMoving; "
     "hold cluster: SlotsMoving"},
    {"once",
     with(a_new_shard()
              .migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning)
              .change("vk-2-0", [](auto& n) { n.migration->bytes_per_second = 300; }),
          [](auto& s) { s.migration.max_bytes_per_second = 300; }),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving"},
    {"and is lifted",
     a_new_shard()
         .migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning)
         .change("vk-2-0", [](auto& n) { n.migration->bytes_per_second = 300; }),
     "order vk-2-0 throttle-migration job=m-0-1 bytes-per-second=0 because=Rebalance; hold pod vk-2-0: SlotsMoving; "
     "hold cluster: SlotsMoving"},
    {"a job whose target leaves is cancelled",
     a_new_shard().asked(3).migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning),
     "order vk-2-0 cancel-migration job=m-0-1 because=Unwanted; hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving"},
    {"a job that finishes half-open slots is not",
     a_new_shard().asked(3).migrating("vk-2-0", "vk-3-0", SlotSet::of(16383, 16383), Stage::kRunning, "m-0-1-finish"),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving"},
    {"a job that both plans want goes on", a_new_shard().asked(5).migrating("vk-2-0", "vk-3-0", SlotSet::of(15018, 16383), Stage::kRunning),
     "hold pod vk-2-0: SlotsMoving; hold cluster: SlotsMoving; hold shard 4: SlotsWait"},
    {"a leaving shard gives to all that stay, one at a time", a_cluster().shards(4).asked(3),
     "order vk-3-0 start-migration job=m-0-1 to=vk-2-0 engine=keys slots=15018-16383 because=Rebalance; hold cluster: SlotsMoving"},
    {"of shards that leave together each keeps its last slot", a_cluster().asked(1),
     "order vk-2-0 start-migration job=m-0-1 to=vk-0-0 engine=keys slots=10922-16382 because=Rebalance; hold cluster: SlotsMoving"},
    {"until all have but one",
     a_cluster().asked(1).moved("vk-1-0", "vk-0-0", SlotSet::of(5461, 10920)).moved("vk-2-0", "vk-0-0", SlotSet::of(10922, 16382)),
     "order vk-1-0 start-migration job=m-0-1 to=vk-0-0 engine=keys slots=10921 because=Rebalance; hold cluster: SlotsMoving"},
};
INSTANTIATE_TEST_SUITE_P(Moves, MovesCheck, testing::ValuesIn(kMoves), [](const auto& info) { return test_name(info.param.says); });

std::string starts(const plan::Verdict& verdict) {
  std::string text;
  for (const auto& step : verdict.steps) text += (text.empty() ? "" : "; ") + brief(step);
  return text;
}

TEST(Moves, ShareTheRateEvenWhileNotAllOfThemRun) {
  auto world = a_cluster().shards(6).asked(3);
  world.spec().migration.max_bytes_per_second = 300;
  model::History history;
  const auto verdict = run(plan::check_moves, world, history);
  ASSERT_EQ(verdict.steps.size(), 3U);
  for (const auto& step : verdict.steps)
    EXPECT_EQ(std::get<command::StartMigration>(std::get<model::Order>(step.action).command).job.bytes_per_second, 100U);
  world.spec().migration.max_parallel_jobs = 2;
  EXPECT_EQ(run(plan::check_moves, world, history).steps.size(), 2U);
}

TEST(Moves, TellTheTargetsAddresses) {
  model::History history;
  const auto world = a_new_shard();
  const auto verdict = run(plan::check_moves, world, history);
  const auto& job = std::get<command::StartMigration>(std::get<model::Order>(verdict.steps.at(0).action).command).job;
  EXPECT_EQ(job.target_pod, PodName("vk-3-0"));
  EXPECT_EQ(job.target_node, world.id("vk-3-0"));
  EXPECT_EQ(job.target_agent, world.address("vk-3-0") + ":9780");
  EXPECT_EQ(to_string(job.target_server), world.address("vk-3-0") + ":6379");
}

// A job fails: its slots are halved and wait, other givers go on; the other engine is tried; then it is said and left for long.
TEST(Moves, AFailingRangeIsHalvedTriedByTheOtherEngineAndReported) {
  auto world = of_version(a_new_shard(), {9, 1, 2});
  model::History history;
  std::string engines;
  int jobs = 0;
  for (int pass = 0; pass < 200; ++pass) {
    run(plan::check_half_open, world, history);
    const auto verdict = run(plan::check_moves, world, history);
    for (const auto& step : verdict.steps) {
      const auto& order = std::get<model::Order>(step.action);
      const auto& job = std::get<command::StartMigration>(order.command).job;
      if (order.pod != PodName("vk-2-0")) {  // others succeed
        world.moved(order.pod.value, "vk-3-0", job.slots).migrating(order.pod.value, "vk-3-0", job.slots, Stage::kDone, job.id);
        continue;
      }
      ++jobs;
      engines += (job.engine == MigrationEngine::kAtomic ? "a" : "k") + std::to_string(job.slots.count()) + " ";
      world.migrating("vk-2-0", "vk-3-0", job.slots, Stage::kFailed, job.id, "BUSYKEY Target key name already exists");
    }
    world.pass_time(500ms);
  }
  EXPECT_EQ(world.node("vk-0-0").slots.count(), 4096);
  EXPECT_EQ(world.node("vk-1-0").slots.count(), 4096);
  EXPECT_EQ(world.node("vk-2-0").slots.count(), 5462);
  EXPECT_TRUE(engines.starts_with("a1366 a683 a683 k342 k341 k342 k341 ")) << engines;
  EXPECT_EQ(jobs, 1 + 2 + 4 + 8) << engines;
  const auto verdict = run(plan::check_moves, world, history);
  const auto failed = std::ranges::count_if(verdict.findings, [](const auto& f) {
    return f.reason == model::Reason::kMoveFailed && f.detail.find("BUSYKEY") != std::string::npos;
  });
  EXPECT_EQ(failed, 8);
  EXPECT_EQ(starts(verdict), "");
  // Somebody may have repaired it meanwhile.
  world.pass_time(std::chrono::minutes(5));
  EXPECT_NE(starts(run(plan::check_moves, world, history)), "");
}

TEST(Moves, OneFailureIsCountedOnce) {
  model::History history;
  auto world = failed_job("IOERR");
  run(plan::check_half_open, world, history);
  run(plan::check_half_open, world.pass_time(100ms), history);
  ASSERT_EQ(history.troubles.size(), 2U);
  EXPECT_EQ(history.troubles[0].attempts, 1);
  EXPECT_EQ(history.troubles[0].error, "vk-2-0: IOERR");
}

// Gossip tells the source's server of an end after its agent knew it; where it never does, the slots are planned again.
TEST(Moves, AnEndThatDoesNotShowIsLookedAtAgain) {
  model::History history;
  const SlotSet slots = SlotSet::of(15018, 16383);
  auto world = a_new_shard().migrating("vk-2-0", "vk-3-0", slots, Stage::kDone);
  world.change("vk-2-0", [&](BuiltNode& node) { node.migration->slots_done = slots; });
  const auto at = run(plan::check_half_open, world, history).look_again_at;
  ASSERT_TRUE(at);
  EXPECT_EQ(*at, ClusterBuilder::kNow + 5s);
  EXPECT_EQ(starts(run(plan::check_moves, world, history)), "");
  world.pass_time(5s);
  EXPECT_FALSE(run(plan::check_half_open, world, history).look_again_at);
  EXPECT_NE(starts(run(plan::check_moves, world, history)), "");
}

// Each end is told once, by who saw the job run: findings become events when they first appear.
TEST(Moves, AnEndIsToldOnce) {
  model::History history;
  const auto told = [&](const ClusterBuilder& world) {
    std::string text;
    for (const auto& finding : run(plan::check_half_open, world, history).findings) text += to_string(finding) + "\n";
    return text;
  };
  const SlotSet slots = SlotSet::of(15018, 16383);
  EXPECT_EQ(told(a_new_shard().migrating("vk-2-0", "vk-3-0", slots, Stage::kRunning)), "");
  const auto done = a_new_shard().moved("vk-2-0", "vk-3-0", slots).migrating("vk-2-0", "vk-3-0", slots, Stage::kDone);
  EXPECT_EQ(told(done), "hold pod vk-2-0: SlotsMoved: job m-0-1 moved 1366 of 1366 slots with 0 keys to shard 3 by keys\n");
  EXPECT_EQ(told(done), "");
  EXPECT_EQ(told(a_new_shard().migrating("vk-2-0", "vk-3-0", slots, Stage::kRunning, "m-0-2")), "");
  EXPECT_EQ(told(a_new_shard().migrating("vk-2-0", "vk-3-0", slots, Stage::kCancelled, "m-0-2")),
            "hold pod vk-2-0: SlotsMoved: job m-0-2 was cancelled; it had moved 0 of 1366 slots with 0 keys to shard 3 by keys\n");
  // A coordinator that starts now finds an old end: no news.
  history = {};
  EXPECT_EQ(told(done), "");
}

}  // namespace
}  // namespace shardkeeper::test
