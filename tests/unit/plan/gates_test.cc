// Who may start, and servers that hang: architecture §3.
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

class GateCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(GateCheck, RulesAsStated) { EXPECT_EQ(said(plan::check_gates, GetParam().world), GetParam().expect); }

ClusterBuilder nobody_started() {
  auto world = a_cluster();
  for (const char* pod : {"vk-0-0", "vk-0-1", "vk-1-0", "vk-1-1", "vk-2-0", "vk-2-1"}) world.first_start(pod);
  return world;
}

ClusterBuilder everybody_dead() {
  auto world = a_cluster();
  for (const char* pod : {"vk-0-0", "vk-0-1", "vk-1-0", "vk-1-1", "vk-2-0", "vk-2-1"}) world.dead(pod);
  return world;
}

void make_follower_unnamed(model::Snapshot& snapshot, std::size_t at) {
  auto state = *snapshot.pods[at].state;
  state.condition = ServerCondition::kStarting;
  state.node_id.reset();
  state.primary_id.reset();
  snapshot.pods[at].state = std::make_shared<const NodeState>(state);
}

const CheckCase kGates[] = {
    {"the first start of a new cluster is granted", nobody_started(),
     "order vk-0-0 grant-start start=start-vk because=FirstStart; order vk-0-1 grant-start start=start-vk because=FirstStart; "
     "order vk-1-0 grant-start start=start-vk because=FirstStart; order vk-1-1 grant-start start=start-vk because=FirstStart; "
     "order vk-2-0 grant-start start=start-vk because=FirstStart; order vk-2-1 grant-start start=start-vk because=FirstStart"},
    {"the first start of a newcomer in a running cluster is granted", a_cluster().first_start("vk-0-1"),
     "order vk-0-1 grant-start start=start-vk because=FirstStart"},
    {"a newcomer at the address of a dead primary that owns slots waits",
     a_cluster().replicas(2).dead("vk-0-0").first_start("vk-0-1").edit([](auto& s) { s.pods[1].pod.ip = s.pods[0].pod.ip; }),
     "hold pod vk-0-0: GateShut; hold pod vk-0-1: GateShut"},
    {"no request, no grant", a_cluster().dead_without_request("vk-0-0"), ""},
    {"a dead primary whose slots are still its own waits", a_cluster().dead("vk-0-0"), "hold pod vk-0-0: GateShut"},
    {"a dead primary whose slots are served elsewhere and that nobody follows starts", a_cluster().dead("vk-0-0").promoted("vk-0-1"),
     "order vk-0-0 grant-start start=start-vk because=Replaced"},
    {"a dead primary that a sibling still follows waits",
     a_cluster().replicas(2).dead("vk-0-0").promoted("vk-0-1").change("vk-0-2", [](auto& n) { n.follows = "vk-0-0"; }),
     "hold pod vk-0-0: GateShut"},
    {"a dead primary that a silent sibling followed by its last word waits",
     a_cluster().replicas(2).dead("vk-0-0").promoted("vk-0-1").change("vk-0-2", [](auto& n) { n.follows = "vk-0-0", n.silent_for = 60s; }),
     "hold pod vk-0-0: GateShut"},
    {"a dead replica starts at once", a_cluster().dead("vk-0-1"), "order vk-0-1 grant-start start=start-vk because=Replaced"},
    {"views that are not known hold every gate",
     a_cluster().dead("vk-0-1").island(1, {"vk-1-0"}).change("vk-1-0", [](auto& n) { n.view_unknown = true; }),
     "hold pod vk-0-1: ViewUnknown"},
    {"a whole shard known dead: its loss is said, and its primary's gate waits until everybody has forgotten it",
     a_cluster().dead("vk-0-0").dead("vk-0-1"), "order vk-0-1 grant-start start=start-vk because=ShardLost; hold pod vk-0-0: ShardLost"},
    {"forgotten, it starts", a_cluster().dead("vk-0-0").dead("vk-0-1").forgotten("vk-0-0"),
     "order vk-0-0 grant-start start=start-vk because=ShardLost; order vk-0-1 grant-start start=start-vk because=ShardLost"},
    {"it does not wait where nobody may forget it because somebody else is unreachable",
     a_cluster().dead("vk-0-0").dead("vk-0-1").silent("vk-2-1"),
     "order vk-0-0 grant-start start=start-vk because=ShardLost; order vk-0-1 grant-start start=start-vk because=ShardLost"},
    {"all servers dead at once: all start", everybody_dead(),
     "order vk-0-0 grant-start start=start-vk because=ShardLost; order vk-0-1 grant-start start=start-vk because=ShardLost; "
     "order vk-1-0 grant-start start=start-vk because=ShardLost; order vk-1-1 grant-start start=start-vk because=ShardLost; "
     "order vk-2-0 grant-start start=start-vk because=ShardLost; order vk-2-1 grant-start start=start-vk because=ShardLost"},
    {"a whole shard dead but for a silent member waits", a_cluster().dead("vk-0-0").silent("vk-0-1"), "hold pod vk-0-0: GateShut"},
    {"a whole shard dead but for a member whose pod is gone waits", a_cluster().dead("vk-0-0").pod_gone("vk-0-1"),
     "hold pod vk-0-0: GateShut"},
    {"a gone member whose death was seen is dead", a_cluster().dead("vk-0-0").pod_gone("vk-0-1").remember([](auto& h) {
       h.seen_dead[ClusterBuilder::id_of(0, 1, 0)] = "lock free", h.dead_at.insert("127.1.0.2");
     }),
     "hold pod vk-0-0: ShardLost"},
    {"one shard, nobody up to ask, and a replica that the dead primary listed has no pod: its primary waits",
     a_cluster().shards(1).replicas(2).dead("vk-0-0").dead("vk-0-1").pod_gone("vk-0-2").change(
         "vk-0-0", [](auto& n) { n.online_set = true, n.online = {"vk-0-2"}; }),
     "order vk-0-1 grant-start start=start-vk because=Replaced; hold pod vk-0-0: GateShut"},
    {"a dead primary whose slots nobody has, in a shard with a newcomer: it starts, and the loss is said",
     a_cluster().shards(1).dead("vk-0-0").fresh("vk-0-1"), "order vk-0-0 grant-start start=start-vk because=ShardLost"},
    {"with shardLossPolicy Wait a process is not kept gated",
     [] {
       auto world = a_cluster().dead("vk-0-0").dead("vk-0-1");
       world.spec().shard_loss_policy = model::ShardLossPolicy::kWait;
       return world;
     }(),
     "order vk-0-0 grant-start start=start-vk because=ShardLost; order vk-0-1 grant-start start=start-vk because=ShardLost"},
    {"one shard: a dead primary waits while its replica's agent is silent", a_cluster().shards(1).dead("vk-0-0").silent("vk-0-1"),
     "hold pod vk-0-0: GateShut"},
    {"one shard after a coordinator's start: a dead primary waits for an agent not heard yet",
     a_cluster().shards(1).dead("vk-0-0").unheard("vk-0-1"), "hold pod vk-0-0: AgentSilent"},
    {"an unheard pod in which no container ever ran hides nothing",
     a_cluster().shards(1).dead("vk-0-0").unheard("vk-0-1").change("vk-0-1", [](auto& n) { n.valkey_container = false; }),
     "order vk-0-0 grant-start start=start-vk because=ShardLost"},
    {"one shard: a dead primary waits for a process that runs and has not said who it is",
     a_cluster().shards(1).dead("vk-0-0").edit([](auto& s) { make_follower_unnamed(s, 1); }), "hold pod vk-0-0: AgentSilent"},
    {"one shard: a dead primary waits while its replica hangs", a_cluster().shards(1).dead("vk-0-0").hung("vk-0-1"),
     "hold pod vk-0-0: GateShut"},
    {"an unsupported version never starts",
     a_cluster().dead("vk-0-1").change("vk-0-1",
                                       [](auto& n) {
                                         n.version = {7, 2, 5};
                                       }),
     "hold pod vk-0-1: UnsupportedVersion"},
    {"a pod that is being deleted is not started", a_cluster().dead("vk-0-1").change("vk-0-1", [](auto& n) { n.is_deleting = true; }), ""},
    {"an agent that fell silent after asking is not told to start", a_cluster().dead("vk-0-1").silent("vk-0-1"), ""},
};

INSTANTIATE_TEST_SUITE_P(Gates, GateCheck, testing::ValuesIn(kGates), name_of);

class HungCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(HungCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_hung, GetParam().world), GetParam().expect); }

const CheckCase kHung[] = {
    {"a hung primary of three with a synced replica is left to the election", a_cluster().hung("vk-0-0"),
     "hold pod vk-0-0: LeftToElection"},
    {"a hung primary whose slots are served elsewhere is removed",
     a_cluster().hung("vk-0-0").change(
         "vk-0-1", [](auto& n) { n.is_primary = true, n.follows.clear(), n.epoch = {50}, n.slots = SlotSet::of(0, 5460); }),
     "remove-pod vk-0-0 because=Replaced"},
    {"a hung primary of which only some slots are served elsewhere is kept",
     a_cluster().hung("vk-0-0").change(
         "vk-0-1", [](auto& n) { n.is_primary = true, n.follows.clear(), n.epoch = {50}, n.slots = SlotSet::of(0, 99); }),
     "hold pod vk-0-0: HungSoleCopy"},
    {"with one shard and a synced replica a hung primary is removed", a_cluster().shards(1).hung("vk-0-0"),
     "remove-pod vk-0-0 because=ProcessDead"},
    {"with one shard and a replica in its first sync it is only reported",
     a_cluster().shards(1).hung("vk-0-0").change("vk-0-1", [](auto& n) { n.has_synced = false; }), "hold pod vk-0-0: HungSoleCopy"},
    {"without replica a hung primary is only reported", a_cluster().replicas(0).hung("vk-0-0"), "hold pod vk-0-0: HungSoleCopy"},
    {"a hung replica of a living primary is removed", a_cluster().hung("vk-0-1"), "remove-pod vk-0-1 because=Replaced"},
    {"a hung replica of a dead primary holds the only copy", a_cluster().dead("vk-0-0").hung("vk-0-1"), "hold pod vk-0-1: HungSoleCopy"},
    {"a hung replica of a silent primary may hold the only copy", a_cluster().silent("vk-0-0").hung("vk-0-1"),
     "hold pod vk-0-1: HungSoleCopy"},
    {"primary and replica hang: neither is removed", a_cluster().shards(1).hung("vk-0-0").hung("vk-0-1"),
     "hold pod vk-0-0: HungSoleCopy; hold pod vk-0-1: HungSoleCopy"},
    {"a hung pod that is being deleted already needs nothing",
     a_cluster().hung("vk-0-1").change("vk-0-1", [](auto& n) { n.is_deleting = true; }), ""},
};
INSTANTIATE_TEST_SUITE_P(Hung, HungCheck, testing::ValuesIn(kHung), name_of);

}  // namespace
}  // namespace shardkeeper::test
