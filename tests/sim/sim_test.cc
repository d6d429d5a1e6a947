// Scenarios and seeds. A failing seed is replayed by: sim_test --seed=N (all seeded scenarios run with that seed only).
#include "common/log/log.h"
#include "tests/sim/sim_world.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

namespace shardkeeper::sim {
namespace {

using namespace std::chrono_literals;

std::optional<std::uint64_t> g_seed;  // of --seed=
std::chrono::seconds g_budget{18};    // of --seconds=, for all seeded scenarios together

constexpr Duration kHealthyWithin = 60s;

std::string trouble(SimWorld& world) {
  std::string text;
  for (const auto& violation : world.violations()) text += violation + "\n";
  if (text.empty()) text = "not healthy: " + world.unhealthy_because() + "\n";
  return text + world.event_text();
}

TEST(Simulation, CreatesAClusterAndReplacesAKilledPrimary) {
  SimWorld world(3, 1, 1);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  world.run_for(2s);
  auto* const old_primary = world.primary_of(0);
  ASSERT_NE(old_primary, nullptr);
  world.kill_server(*old_primary);
  world.run_for(1s);
  ASSERT_NE(world.primary_of(0), nullptr) << trouble(world);
  EXPECT_NE(world.primary_of(0), old_primary) << "promoted within a second";
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  EXPECT_EQ(old_primary->server()->self().role, Role::kReplica) << "the old primary's pod is adopted as a replica";
  EXPECT_EQ(world.lost_legitimately(), 0U);
  EXPECT_TRUE(world.violations().empty()) << trouble(world);
  EXPECT_GT(world.written(), 100U);
}

TEST(Simulation, OneShardWithOneReplicaSurvivesItsPrimary) {
  SimWorld world(1, 1, 2);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  world.run_for(2s);
  auto* const old_primary = world.primary_of(0);
  world.kill_server(*old_primary);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  EXPECT_NE(world.primary_of(0), old_primary);
  EXPECT_TRUE(world.violations().empty()) << trouble(world);
}

TEST(Simulation, AllServersKilledAtOnceComeBackEmptyAndServing) {
  SimWorld world(3, 1, 3);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  world.run_for(2s);
  for (auto* pod : world.pods()) world.kill_server(*pod);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  EXPECT_GT(world.lost_legitimately(), 0U);
  EXPECT_NE(world.event_text().find("ShardLost"), std::string::npos);
}

TEST(Simulation, NobodyPromotesWhileTheCoordinatorIsAwayButValkey) {
  SimWorld world(3, 1, 4);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  world.run_for(2s);
  world.kill_coordinator();
  auto* const old_primary = world.primary_of(1);
  world.kill_server(*old_primary);
  world.run_for(20s);
  EXPECT_EQ(old_primary->server(), nullptr) << "the gate stays shut without a coordinator";
  EXPECT_NE(world.primary_of(1), nullptr) << "elected: " << trouble(world);
  world.start_coordinator();
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  EXPECT_TRUE(world.violations().empty()) << trouble(world);
}

// The simulator sees what the gate prevents: a server that starts empty at its old address wipes its replica.
TEST(Simulation, WithoutTheGateARestartedPrimaryWipesItsReplica) {
  SimWorld world(3, 1, 5);
  ASSERT_TRUE(world.run_until_healthy(kHealthyWithin)) << trouble(world);
  world.run_for(2s);
  world.kill_coordinator();
  for (auto* pod : world.pods()) world.kill_agent(*pod);  // nobody to promote the replica first
  auto* const victim = world.primary_of(0);
  victim->ignores_gate = true;
  world.kill_server(*victim);
  world.run_for(5s);
  ASSERT_FALSE(world.violations().empty());
  EXPECT_NE(world.violations()[0].find("dropped the last copy"), std::string::npos) << world.violations()[0];
}

// --- seeds

struct Faults {
  bool servers = true;
  bool agents = true;
  bool coordinator = true;
  bool network = true;
};

// One life of a cluster: from nothing, through a minute of faults, to health. RETURNS "" or what went wrong.
std::string live(std::uint64_t seed, int shards, int replicas, const Faults& faults) {
  SimWorld world(shards, replicas, seed);
  auto& random = world.random();
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  if (faults.network)
    world.network() = {.delay_min = 300us,
                       .delay_max = chance(50) ? Duration(5ms) : Duration(200ms),
                       .lost_percent = chance(50) ? 20 : 0,
                       .streams_cut_percent = chance(50) ? 2 : 0};
  const Duration end = world.now() + 30s;
  while (world.now() < end) {
    world.run_for(std::chrono::milliseconds(50 + random() % 3000));
    if (!world.violations().empty()) return trouble(world);
    const auto pods = world.pods();
    if (pods.empty()) continue;
    auto& victim = *pods[random() % pods.size()];
    switch (random() % 6) {
      case 0:
      case 1:
        if (faults.servers) world.kill_server(victim);
        break;
      case 2:
        if (faults.agents) world.kill_agent(victim);
        break;
      case 3:  // both beside each other at the same moment
        if (faults.servers && faults.agents) {
          world.kill_server(victim);
          world.kill_agent(victim);
        }
        break;
      case 4:
        if (faults.coordinator && world.coordinator_runs()) world.kill_coordinator();
        break;
      default:  // a power cut
        if (faults.servers && chance(20))
          for (auto* pod : pods) world.kill_server(*pod);
        break;
    }
    if (!world.coordinator_runs() && chance(60)) world.start_coordinator();
  }
  world.network() = {};
  if (!world.coordinator_runs()) world.start_coordinator();
  if (!world.run_until_healthy(kHealthyWithin)) return trouble(world);
  world.run_for(3s);
  if (!world.violations().empty()) return trouble(world);
  return world.unhealthy_because().empty() ? "" : "healthy, then not any more: " + trouble(world);
}

void run_seeds(int shards, int replicas, const Faults& faults, std::uint64_t first) {
  if (g_seed) {
    const std::string wrong = live(*g_seed, shards, replicas, faults);
    EXPECT_EQ(wrong, "") << "seed " << *g_seed;
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  int lives = 0;
  for (std::uint64_t seed = first; std::chrono::steady_clock::now() - start < g_budget / 4 && seed < first + 1000; ++seed, ++lives) {
    const std::string wrong = live(seed, shards, replicas, faults);
    ASSERT_EQ(wrong, "") << "replay: sim_test --gtest_filter=" << testing::UnitTest::GetInstance()->current_test_info()->name()
                         << " --seed=" << seed;
  }
  std::cout << "seeds " << first << " to " << first + static_cast<std::uint64_t>(lives) - 1 << " passed\n";
}

TEST(Seeds, ThreeShardsCoordinatorKilled) { run_seeds(3, 1, {.servers = false, .agents = false, .network = false}, 1'000); }
TEST(Seeds, ThreeShardsServersAndAgentsKilled) { run_seeds(3, 1, {.coordinator = false, .network = false}, 2'000); }
TEST(Seeds, ThreeShardsEverything) { run_seeds(3, 1, {}, 3'000); }
TEST(Seeds, OneShardEverything) { run_seeds(1, 1, {}, 4'000); }

}  // namespace
}  // namespace shardkeeper::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  shardkeeper::log::Options options;
  options.level = shardkeeper::log::Level::kError;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--seed=")) shardkeeper::sim::g_seed = std::stoull(argument.substr(7));
    if (argument.starts_with("--seconds=")) shardkeeper::sim::g_budget = std::chrono::seconds(std::stoi(argument.substr(10)));
    if (argument == "--verbose") options.level = shardkeeper::log::Level::kInfo;
  }
  shardkeeper::log::set_up(options);
  return RUN_ALL_TESTS();
}
