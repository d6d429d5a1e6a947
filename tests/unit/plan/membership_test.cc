// Who belongs together: new nodes, islands, ghosts, and slots without an owner.
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

ClusterBuilder all_fresh(int shards = 3, int replicas = 1) {
  auto world = a_cluster().shards(shards).replicas(replicas);
  for (const auto& node : std::vector(world.nodes())) world.fresh(node.pod);
  return world;
}

// Everybody knows everybody and the primaries have their slots, but cluster_state is not ok yet.
ClusterBuilder forming(int shards = 2) {
  auto world = a_cluster().shards(shards);
  for (const auto& node : std::vector(world.nodes())) world.change(node.pod, [](auto& n) { n.keys = 0, n.cluster_ok = false; });
  return world;
}

class NewNodesCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(NewNodesCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_new_nodes, GetParam().world), GetParam().expect); }

const CheckCase kNewNodes[] = {
    {"every node of a new cluster gets an epoch of its own", all_fresh(1, 1),
     "order vk-0-0 set-config-epoch epoch=1 because=NewNode; order vk-0-1 set-config-epoch epoch=2 because=NewNode"},
    {"an epoch on its way is not given twice",
     all_fresh(1, 1).in_flight(model::Order{PodName("vk-0-0"), command::SetConfigEpoch{Epoch{1}}}),
     "order vk-0-1 set-config-epoch epoch=2 because=NewNode"},
    {"a newcomer to a serving cluster keeps the timeout of the spec", a_cluster().fresh("vk-0-1"),
     "order vk-0-1 set-config-epoch epoch=4 because=NewNode"},
    {"who waits with slots for cluster_state ok gets a short timeout", forming(),
     "order vk-0-0 set-config cluster-node-timeout=500 because=NewNode; order vk-1-0 set-config cluster-node-timeout=500 because=NewNode"},
    {"also when another one serves already", forming().change("vk-0-0", [](auto& n) { n.cluster_ok = true; }),
     "order vk-1-0 set-config cluster-node-timeout=500 because=NewNode"},
    {"among few nodes it need not have met the others", forming().island(1, {"vk-1-0"}),
     "order vk-0-0 set-config cluster-node-timeout=500 because=NewNode; order vk-1-0 set-config cluster-node-timeout=500 because=NewNode"},
    {"among many not before it has met everybody", forming(13).island(1, {"vk-1-0"}), ""},
    {"not while somebody holds data", forming().change("vk-1-0", [](auto& n) { n.keys = 1; }), ""},
    {"not while somebody is silent", forming().silent("vk-1-1"), ""},
    {"the epoch of a silent primary is above nobody's",
     a_cluster().silent("vk-2-0").change("vk-2-0", [](auto& n) { n.epoch = {70}; }).fresh("vk-0-1"),
     "order vk-0-1 set-config-epoch epoch=71 because=NewNode"},
    {"a healthy cluster needs nothing", a_cluster(), ""},
};
INSTANTIATE_TEST_SUITE_P(NewNodes, NewNodesCheck, testing::ValuesIn(kNewNodes), name_of);

class IslandsCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(IslandsCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_islands, GetParam().world), GetParam().expect); }

void take_slots_of_shard_0(BuiltNode& node) { node.is_primary = true, node.follows.clear(), node.slots = SlotSet::of(0, 5460); }

const CheckCase kIslands[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"a newcomer with an epoch meets everybody in one order", a_cluster().fresh("vk-0-1").change("vk-0-1", [](auto& n) { n.epoch = {4}; }),
     "order vk-0-1 meet peers=5 because=Islands"},
    {"a newcomer without an epoch is not met yet", a_cluster().fresh("vk-0-1"), ""},
    {"islands with disjoint slots are merged", a_cluster().replicas(0).island(1, {"vk-2-0"}), "order vk-2-0 meet peers=2 because=Islands"},
    {"islands whose slots overlap and whose loser holds keys are not",
     a_cluster().replicas(0).island(1, {"vk-2-0"}).change("vk-2-0", [](auto& n) { take_slots_of_shard_0(n), n.epoch = {50}; }),
     "hold cluster: IslandsOverlap"},
    {"islands whose slots overlap and whose loser is empty are merged",
     a_cluster()
         .replicas(0)
         .island(1, {"vk-2-0"})
         .change("vk-2-0", [](auto& n) { take_slots_of_shard_0(n), n.epoch = {50}; })
         .change("vk-0-0", [](auto& n) { n.keys = 0; }),
     "order vk-2-0 meet peers=2 because=Islands"},
    {"with equal epochs either may lose",
     a_cluster().replicas(0).island(1, {"vk-2-0"}).change("vk-2-0", [](auto& n) { take_slots_of_shard_0(n), n.epoch = {1}, n.keys = 0; }),
     "hold cluster: IslandsOverlap"},
    {"an island is not joined through its slotless members either",
     a_cluster().replicas(0).island(1, {"vk-1-0", "vk-2-0"}).change("vk-2-0", [](auto& n) { take_slots_of_shard_0(n), n.epoch = {50}; }),
     "hold cluster: IslandsOverlap"},
    {"a member without address at the others is met again", a_cluster().replicas(0).noaddr("vk-2-0"),
     "order vk-0-0 meet peers=1 127.1.2.1:6379 because=Islands; order vk-1-0 meet peers=1 127.1.2.1:6379 because=Islands"},
};
INSTANTIATE_TEST_SUITE_P(Islands, IslandsCheck, testing::ValuesIn(kIslands), name_of);

TEST(IslandsCheck, AsksAgainOnlyAfterASecond) {
  auto world = a_cluster().replicas(0).island(1, {"vk-2-0"});
  auto history = world.history();
  EXPECT_EQ(run(plan::check_islands, world, history).steps.size(), 1U);
  EXPECT_TRUE(run(plan::check_islands, world, history).steps.empty());
  world.edit([](auto& s) { s.now = s.now + 1s; });
  EXPECT_EQ(run(plan::check_islands, world, history).steps.size(), 1U);
}

class GhostsCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(GhostsCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_ghosts, GetParam().world), GetParam().expect); }

ClusterBuilder waiting_policy(ClusterBuilder world) {
  world.spec().shard_loss_policy = model::ShardLossPolicy::kWait;
  return world;
}

const CheckCase kGhosts[] = {
    {"a healthy cluster has none", a_cluster(), ""},
    {"an id that nobody claims and that is flagged failed is forgotten by all", a_cluster().shards(1).ghost("a", 0, true),
     "order vk-0-0 forget 000ee061 because=Ghost; order vk-0-1 forget 000ee061 because=Ghost"},
    {"an id that nobody claims but that lives is kept", a_cluster().shards(1).ghost("a", 0, false), ""},
    {"an unreachable node is no ghost", a_cluster().silent("vk-0-1").failed("vk-0-1"), ""},
    {"an id that may belong to an agent not heard yet is kept", a_cluster().shards(1).unheard("vk-0-1").failed("vk-0-1").noaddr("vk-0-1"),
     ""},
    {"the old id of a dead replica is forgotten", a_cluster().shards(1).replicas(2).dead("vk-0-2"),
     "order vk-0-0 forget 00002000 because=Ghost; order vk-0-1 forget 00002000 because=Ghost"},
    {"a dead primary with slots and a replica is not forgotten", a_cluster().dead("vk-0-0"), ""},
    {"a dead primary whose slots were taken over is", a_cluster().shards(1).dead("vk-0-0").promoted("vk-0-1"),
     "order vk-0-1 forget 00000000 because=Ghost"},
    {"a replica never forgets its own primary",
     a_cluster().shards(1).replicas(2).dead("vk-0-0").promoted("vk-0-1").change("vk-0-2", [](auto& n) { n.follows = "vk-0-0"; }), ""},
    {"a lost shard's slots are given up by Recreate", a_cluster().replicas(0).dead("vk-0-0"),
     "order vk-1-0 forget 00000000 because=Ghost; order vk-2-0 forget 00000000 because=Ghost"},
    {"a lost shard's slots stay with Wait, and it is said", waiting_policy(a_cluster().replicas(0).dead("vk-0-0")),
     "hold node 00000000: ShardLost"},
    {"no slots are given up while any member is unreachable", a_cluster().replicas(0).dead("vk-0-0").silent("vk-1-0"), ""},
    {"no slots are given up while a replica without pod may live", a_cluster().dead("vk-0-0").pod_gone("vk-0-1"), ""},
    {"slots of a node whose pod is gone are not given up without proof", a_cluster().replicas(0).pod_gone("vk-0-0").failed("vk-0-0"),
     "hold node 00000000: ShardLost"},
};
INSTANTIATE_TEST_SUITE_P(Ghosts, GhostsCheck, testing::ValuesIn(kGhosts), name_of);

TEST(GhostsCheck, RemembersDeathsAlsoWhileViewsAreUnknown) {
  const auto world = a_cluster().dead("vk-0-0").island(1, {"vk-1-0"}).change("vk-1-0", [](auto& n) { n.view_unknown = true; });
  auto history = world.history();
  run(plan::check_ghosts, world, history);
  EXPECT_EQ(history.seen_dead.count(world.id("vk-0-0")), 1U);
}

TEST(GhostsCheck, RemembersWhereADeadServersReplicasDied) {
  auto world =
      a_cluster().shards(1).dead("vk-0-0").dead("vk-0-1").change("vk-0-0", [](auto& n) { n.online_set = true, n.online = {"vk-0-1"}; });
  auto history = world.history();
  run(plan::check_ghosts, world, history);
  world.pod_gone("vk-0-1");
  world.remember([&](auto& h) { h = history; });
  EXPECT_EQ(said(plan::check_gates, world), "order vk-0-0 grant-start start=start-vk because=ShardLost");
}

TEST(GhostsCheck, KeepsEvidenceWhileNobodyIsThereToAsk) {
  const auto world = a_cluster().shards(1).pod_gone("vk-0-0").silent("vk-0-1");
  model::History history;
  history.seen_dead[world.id("vk-0-0")] = "container ended";
  run(plan::check_ghosts, world, history);
  EXPECT_EQ(history.seen_dead.count(world.id("vk-0-0")), 1U);
}

// Every newcomer has got its epoch.
ClusterBuilder with_epochs(ClusterBuilder world) {
  std::uint64_t next = 50;
  for (const auto& node : std::vector(world.nodes()))
    if (node.epoch.value == 0) world.change(node.pod, [epoch = next++](auto& n) { n.epoch = {epoch}; });
  return world;
}

class CoverageCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(CoverageCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_coverage, GetParam().world), GetParam().expect); }

const CheckCase kCoverage[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"a new cluster gets equal shares on different workers", with_epochs(all_fresh()),
     "order vk-0-0 add-slots slots=0-5460 because=UnassignedSlots; order vk-1-0 add-slots slots=5461-10921 because=UnassignedSlots; "
     "order vk-2-0 add-slots slots=10922-16383 because=UnassignedSlots"},
    {"a new cluster waits a little for pods that are still arriving", with_epochs(all_fresh()).first_start("vk-2-1").edit([](auto& s) {
       for (auto& pod : s.pods) pod.first_seen = s.now - 1s;
     }),
     "hold cluster: Creating"},
    {"but not for ever", with_epochs(all_fresh()).first_start("vk-2-1"),
     "order vk-0-0 add-slots slots=0-5460 because=UnassignedSlots; order vk-1-0 add-slots slots=5461-10921 because=UnassignedSlots; "
     "order vk-2-0 add-slots slots=10922-16383 because=UnassignedSlots"},
    {"a shard without any server is named", a_cluster().replicas(0).first_start("vk-0-0"), "hold shard 0: Creating"},
    {"slots that a silent primary may own are left alone", a_cluster().shards(1).silent("vk-0-0").fresh("vk-0-1"),
     "hold cluster: AgentSilent"},
    {"slots that an agent not heard yet may own are left alone", a_cluster().shards(1).unheard("vk-0-0").fresh("vk-0-1"),
     "hold cluster: AgentSilent"},
    {"slots whose data a silent replica may hold are left alone",
     a_cluster().replicas(2).dead("vk-0-0").forgotten("vk-0-0").silent("vk-0-1").forgotten("vk-0-1").fresh("vk-0-2").change(
         "vk-0-0", [](auto& n) { n.slots = {}; }),
     "hold cluster: AgentSilent"},
    {"slots whose data a hung replica may hold are left alone",
     a_cluster().replicas(2).dead("vk-0-0").forgotten("vk-0-0").hung("vk-0-1").forgotten("vk-0-1").fresh("vk-0-2").change(
         "vk-0-0", [](auto& n) { n.slots = {}; }),
     "hold cluster: AgentSilent"},
    {"slots whose data a replica without pod may hold are left alone",
     a_cluster().shards(1).replicas(2).dead("vk-0-0").fresh("vk-0-1").pod_gone("vk-0-2").change(
         "vk-0-0", [](auto& n) { n.online_set = true, n.online = {"vk-0-2"}; }),
     "hold cluster: AgentSilent"},
    {"slots that are being added are not added twice",
     all_fresh(1, 0).in_flight(model::Order{PodName("vk-0-0"), command::AddSlots{SlotSet::all()}}), ""},
    {"a primary gets the rest of its share", a_cluster().change("vk-0-0", [](auto& n) { n.slots = SlotSet::of(0, 99); }),
     "order vk-0-0 add-slots slots=100-5460 because=UnassignedSlots"},
    {"a lost shard is served again empty by Recreate",
     with_epochs(a_cluster().replicas(0).fresh("vk-0-0")).remember([](auto& h) { h.lost[ShardId{0}] = SlotSet::of(0, 5460); }),
     "order vk-0-0 add-slots slots=0-5460 because=UnassignedSlots"},
    {"a lost shard's slots stay unassigned with Wait",
     waiting_policy(a_cluster().replicas(0).fresh("vk-0-0").remember([](auto& h) { h.lost[ShardId{0}] = SlotSet::of(0, 5460); })),
     "hold shard 0: ShardLost"},
    {"an empty primary that holds keys is not given slots",
     with_epochs(a_cluster().replicas(0).fresh("vk-0-0")).change("vk-0-0", [](auto& n) { n.keys = 7; }), "hold shard 0: Creating"},
    {"nor is one without an epoch of its own", a_cluster().replicas(0).fresh("vk-0-0"), "hold shard 0: Creating"},
};
INSTANTIATE_TEST_SUITE_P(Coverage, CoverageCheck, testing::ValuesIn(kCoverage), name_of);

TEST(CoverageCheck, LeavesClaimedShardsAlone) {
  EXPECT_EQ(said(plan::check_coverage, a_cluster().replicas(0).fresh("vk-0-0"), {ShardId{0}}), "");
}

}  // namespace
}  // namespace shardkeeper::test
