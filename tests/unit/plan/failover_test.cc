// Who may fail over: every rule of architecture §6, as worlds and what the check says about them.
#include "coordinator/plan/world.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

// Primary vk-0-0 died `ago`; everybody who is up has reported since.
ClusterBuilder after_death(ClusterBuilder world, Duration ago = 20ms) { return world.dead("vk-0-0").death_seen("vk-0-0", ago).reported(); }

ClusterBuilder two_replicas() { return a_cluster().replicas(2); }

class FailoverCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(FailoverCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_failover, GetParam().world), GetParam().expect); }

const CheckCase kKnownDead[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"lock free: replicas are asked to report first", a_cluster().dead("vk-0-0"),
     "ask-report vk-0-1 because=ReportWanted; hold shard 0: WaitingForReports"},
    {"lock free and the replica has reported: FORCE at once", after_death(a_cluster()),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"container ended by the platform's word: FORCE", a_cluster().container_ended("vk-0-0").death_seen("vk-0-0", 20ms).reported(),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"worker out of service: FORCE",
     a_cluster().out_of_service("w1").change("vk-2-1", [](auto& n) { n.silent_for.reset(); }).death_seen("vk-0-0", 20ms).reported(),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"an ended container of an older instance proves nothing", a_cluster().silent("vk-0-0").edit([](auto& s) {
       s.pods[0].pod.containers[0].terminated_id = "c0";
       s.pods[0].pod.containers[0].running = false;
     }),
     "hold shard 0: PrimaryUnreachable"},
    {"a granted start is not a death", a_cluster().dead("vk-0-0").edit([](auto& s) {
       auto state = *s.pods[0].state;
       state.gate.start_granted = true;
       s.pods[0].state = std::make_shared<const NodeState>(state);
     }),
     "hold node 00000000: PrimaryUnreachable"},
    {"a pod whose object is gone is only unreachable", a_cluster().pod_gone("vk-0-0"), "hold node 00000000: PrimaryUnreachable"},
    {"a gone pod whose death was seen before is dead",
     a_cluster().pod_gone("vk-0-0").death_seen("vk-0-0", 20ms).reported().remember([](auto& h) {
       h.seen_dead[ClusterBuilder::id_of(0, 0, 0)] = "container ended";
     }),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a silent primary is left to Valkey's election", a_cluster().silent("vk-0-0"), "hold shard 0: PrimaryUnreachable"},
    {"an agent that was never heard is only unreachable", a_cluster().unheard("vk-0-0"), "hold node 00000000: PrimaryUnreachable"},
    {"phase Failed proves nothing", a_cluster().silent("vk-0-0").edit([](auto& s) { s.pods[0].pod.phase = model::PodPhase::kFailed; }),
     "hold shard 0: PrimaryUnreachable"},
    {"a hung primary is left to Valkey's election", a_cluster().hung("vk-0-0"), "hold shard 0: PrimaryUnreachable"},
    {"a dead replica is nobody's loss here", a_cluster().dead("vk-0-1"), ""},
    {"slots taken over already: nothing to do", a_cluster().dead("vk-0-0").promoted("vk-0-1"), ""},
};

// The primary is dead and so is the only replica that it listed as online; another one was in its first sync.
ClusterBuilder beside_a_dead_one() {
  const auto listed = [](BuiltNode& n) { n.online_set = true, n.online = {"vk-0-2"}; };
  const auto syncing = [](BuiltNode& n) { n.has_synced = false; };
  return two_replicas().dead("vk-0-0").dead("vk-0-2").change("vk-0-0", listed).change("vk-0-1", syncing);
}

// A person wants the copy of vk-0-1.
ClusterBuilder chosen_by_hand(ClusterBuilder world) {
  const auto id = world.id("vk-0-1");
  return world.remember([id](auto& history) { history.stale_accepted.insert(id); });
}

const CheckCase kCandidates[] = {
    {"the freshest synced replica wins", after_death(two_replicas().change("vk-0-2", [](auto& n) { n.offset = 2000; })),
     "promote vk-0-2 shard=0 mode=force because=ProcessDead"},
    {"of equals the first by pod name", after_death(two_replicas()), "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a fresher replica in its first sync is no candidate",
     after_death(two_replicas().change("vk-0-2", [](auto& n) { n.offset = 9000, n.has_synced = false, n.sync_in_progress = true; })),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a replica that began to sync anew is no candidate",
     after_death(two_replicas().change("vk-0-2", [](auto& n) { n.offset = 9000, n.sync_in_progress = true; })),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a replica with another history is no candidate",
     after_death(two_replicas().change("vk-0-2", [](auto& n) { n.offset = 9000, n.history = "other"; })),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a replica that was not online is heard before it is said that there is nobody", beside_a_dead_one().death_seen("vk-0-0", 20ms),
     "ask-report vk-0-1 because=ReportWanted; hold shard 0: WaitingForReports"},
    {"but for no longer than 500 ms", beside_a_dead_one().death_seen("vk-0-0", 500ms),
     "ask-report vk-0-1 because=ReportWanted; hold shard 0: NoCandidate"},
    {"only a replica in its first sync: nobody is promoted",
     after_death(a_cluster().change("vk-0-1", [](auto& n) { n.has_synced = false; })), "hold shard 0: NoCandidate"},
    {"unless a person has said that its old copy is better than none",
     chosen_by_hand(after_death(a_cluster().change("vk-0-1", [](auto& n) { n.has_synced = false; }))),
     "promote vk-0-1 shard=0 mode=force accept-stale because=ProcessDead"},
    {"not even then in the middle of a sync",
     chosen_by_hand(after_death(a_cluster().change("vk-0-1", [](auto& n) { n.has_synced = false, n.sync_in_progress = true; }))),
     "hold shard 0: NoCandidate"},
    {"nor empty: it makes way",
     chosen_by_hand(after_death(a_cluster().change("vk-0-1", [](auto& n) { n.has_synced = false, n.keys = 0; }))),
     "order vk-0-1 shutdown because=ShardLost; hold shard 0: NoCandidate"},
    {"nor while a fresher replica may come back",
     chosen_by_hand(after_death(two_replicas().silent("vk-0-2", 10s).change("vk-0-1", [](auto& n) { n.has_synced = false; }), 600ms)),
     "hold shard 0: LeftToElection"},
    {"nor while its primary is only silent",
     chosen_by_hand(a_cluster().silent("vk-0-0").change("vk-0-1", [](auto& n) { n.has_synced = false; })),
     "hold shard 0: PrimaryUnreachable"},
    {"a candidate is better than the chosen old copy",
     chosen_by_hand(after_death(two_replicas().change("vk-0-1", [](auto& n) { n.has_synced = false; }))),
     "promote vk-0-2 shard=0 mode=force because=ProcessDead"},
    {"of another history too", chosen_by_hand(after_death(a_cluster().change("vk-0-1", [](auto& n) { n.history = "other"; }))),
     "promote vk-0-1 shard=0 mode=force accept-stale because=ProcessDead"},
    {"only an empty replica that never finished a sync: it makes way",
     after_death(a_cluster().change("vk-0-1", [](auto& n) { n.has_synced = false, n.keys = 0; })),
     "order vk-0-1 shutdown because=ShardLost; hold shard 0: NoCandidate"},
    {"not while a sibling is silent",
     after_death(two_replicas().silent("vk-0-2", 60s).change("vk-0-1", [](auto& n) { n.has_synced = false, n.keys = 0; }), 600ms)
         .change("vk-0-0", [](auto& n) { n.online_set = true; }),
     "hold shard 0: LeftToElection"},
    {"not while a sibling's pod is gone",
     after_death(a_cluster().shards(1).replicas(2).pod_gone("vk-0-2").change("vk-0-1", [](auto& n) { n.has_synced = false, n.keys = 0; }),
                 600ms),
     "hold shard 0: ReplicaUnheard; hold shard 0: NoCandidate"},
    {"only a replica with another history: nobody is promoted",
     after_death(a_cluster().change("vk-0-1", [](auto& n) { n.history = "other"; })), "hold shard 0: NoCandidate"},
    {"no replica at all: said, not promoted", after_death(a_cluster().replicas(0)), "hold shard 0: NoCandidate"},
    {"the last replica is dead too", after_death(a_cluster().dead("vk-0-1")), "hold shard 0: NoCandidate"},
    {"a hung replica is no candidate and is awaited", after_death(a_cluster().hung("vk-0-1")), "hold shard 0: WaitingForReports"},
    {"a replica on its way out is no candidate",
     after_death(two_replicas().extra("vk-0-3", 0, "w1").change("vk-0-3", [](auto& n) { n.offset = 9000; })),
     "promote vk-0-3 shard=0 mode=force because=ProcessDead"},
    {"a replica that has not reported since the death is awaited",
     after_death(two_replicas().change("vk-0-2", [](auto& n) { n.offset = 9000; })).change("vk-0-2", [](auto& n) { n.nonce = 0; }),
     "ask-report vk-0-2 because=ReportWanted; hold shard 0: WaitingForReports"},
    {"a silent replica that the dead primary listed is awaited", after_death(two_replicas().silent("vk-0-2", 10s)),
     "hold shard 0: WaitingForReports"},
    {"a silent replica that the dead primary did not list as online is not awaited",
     after_death(two_replicas().silent("vk-0-2", 10s).change("vk-0-0", [](auto& n) { n.online_set = true, n.online = {"vk-0-1"}; })),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a replica that is known dead is not awaited",
     after_death(two_replicas().dead("vk-0-2").change("vk-0-0",
                                                      [](auto& n) {
                                                        n.online_set = true, n.online = {"vk-0-1", "vk-0-2"};
                                                      })),
     "promote vk-0-1 shard=0 mode=force because=ProcessDead"},
    {"a replica whose pod is gone is awaited", after_death(two_replicas().pod_gone("vk-0-2")), "hold shard 0: WaitingForReports"},
    {"after 500 ms with three primaries Valkey's election decides", after_death(two_replicas().silent("vk-0-2", 10s), 600ms),
     "hold shard 0: LeftToElection"},
    {"after 500 ms with one shard the best known is promoted, and who was not heard is said",
     after_death(a_cluster().shards(1).replicas(2).silent("vk-0-2", 10s), 600ms),
     "promote vk-0-1 shard=0 mode=takeover because=ProcessDead; hold shard 0: ReplicaUnheard"},
};

const CheckCase kForce[] = {
    {"FORCE is not repeated within a second", after_death(a_cluster(), 800ms).forced("vk-0-0", 700ms), ""},
    {"not won within a second: TAKEOVER, because nobody can be hidden", after_death(a_cluster(), 1200ms).forced("vk-0-0", 1100ms),
     "promote vk-0-1 shard=0 mode=takeover because=NotWon"},
    {"FORCE only while a majority of the primaries is up", after_death(a_cluster().silent("vk-1-0")),
     "promote vk-0-1 shard=0 mode=takeover because=ProcessDead; hold shard 1: PrimaryUnreachable"},
};

const CheckCase kTakeover[] = {
    {"one shard: TAKEOVER of a primary that is known dead", after_death(a_cluster().shards(1)),
     "promote vk-0-1 shard=0 mode=takeover because=ProcessDead"},
    {"one shard: silence alone never promotes", a_cluster().shards(1).silent("vk-0-0", 600s).failed("vk-0-0"),
     "hold shard 0: QuorumUnreachable"},
    {"one shard: not heard yet since this coordinator's start is no alarm",
     a_cluster().shards(1).unheard("vk-0-0").edit([](auto& s) { s.pods[0].heard_at = s.started = s.now - 1s; }),
     "hold node 00000000: PrimaryUnreachable"},
    {"a majority may exist out of sight: held", after_death(a_cluster().silent("vk-1-0").silent("vk-2-0")),
     "hold shard 0: QuorumUnreachable; hold shard 1: QuorumUnreachable; hold shard 2: QuorumUnreachable"},
    {"zone cut: only silent, a majority out of sight", a_cluster().silent("vk-0-0").silent("vk-1-0").failed("vk-0-0").failed("vk-1-0"),
     "hold shard 0: QuorumUnreachable; hold shard 1: QuorumUnreachable"},
    {"three of three known dead: one shard after the other",
     a_cluster()
         .dead("vk-0-0")
         .dead("vk-1-0")
         .dead("vk-2-0")
         .death_seen("vk-0-0", 20ms, 1)
         .death_seen("vk-1-0", 20ms, 2)
         .death_seen("vk-2-0", 20ms, 3)
         .reported(),
     "promote vk-0-1 shard=0 mode=takeover because=ProcessDead; hold shard 1: FailoverPending; hold shard 2: FailoverPending"},
    {"the next shard when the first one is taken over",
     a_cluster()
         .dead("vk-0-0")
         .dead("vk-1-0")
         .dead("vk-2-0")
         .death_seen("vk-0-0", 120ms, 1)
         .death_seen("vk-1-0", 120ms, 2)
         .death_seen("vk-2-0", 120ms, 3)
         .taken_over("vk-0-0", 100ms)
         .promoted("vk-0-1")
         .reported(),
     "promote vk-1-1 shard=1 mode=takeover because=ProcessDead; hold shard 2: FailoverPending"},
    {"flagged failed by all and silent for two node timeouts, nobody hidden: TAKEOVER",
     a_cluster().silent("vk-0-0", 11s).failed("vk-0-0").death_seen("vk-0-0", 20ms).reported(),
     "promote vk-0-1 shard=0 mode=takeover because=ProcessDead; hold shard 0: PrimaryUnreachable"},
    {"silent for less than two node timeouts: left to the election", a_cluster().silent("vk-0-0", 9s).failed("vk-0-0"),
     "hold shard 0: PrimaryUnreachable"},
    {"silent for long but only suspected: left to the election", a_cluster().silent("vk-0-0", 60s).suspected("vk-0-0"),
     "hold shard 0: PrimaryUnreachable"},
    {"a silent primary that its cluster does not flag is left alone", a_cluster().silent("vk-0-0", 600s),
     "hold shard 0: PrimaryUnreachable"},
};

INSTANTIATE_TEST_SUITE_P(KnownDead, FailoverCheck, testing::ValuesIn(kKnownDead), name_of);
INSTANTIATE_TEST_SUITE_P(Candidates, FailoverCheck, testing::ValuesIn(kCandidates), name_of);
INSTANTIATE_TEST_SUITE_P(Force, FailoverCheck, testing::ValuesIn(kForce), name_of);
INSTANTIATE_TEST_SUITE_P(Takeover, FailoverCheck, testing::ValuesIn(kTakeover), name_of);

TEST(FailoverCheck, ClaimsTheShardOfADeadPrimary) {
  const auto world = after_death(a_cluster());
  auto history = world.history();
  EXPECT_EQ(run(plan::check_failover, world, history).claims, plan::Claims{ShardId{0}});
}

TEST(FailoverCheck, NamesTheTicketHolderOnlyWhileItsAgentIsHeard) {
  const auto holder_of = [](const ClusterBuilder& world) {
    auto history = world.history();
    return std::get<model::Promote>(run(plan::check_failover, world, history).steps.at(0).action).ticket_holder;
  };
  EXPECT_EQ(holder_of(after_death(a_cluster())), PodName("vk-0-0"));
  EXPECT_EQ(holder_of(a_cluster().container_ended("vk-0-0").death_seen("vk-0-0", 20ms).reported()), std::nullopt);
}

TEST(FailoverCheck, KnowsTheEndOfAServerWhosePodIsGoneBeforeTheNextPass) {
  auto world = a_cluster().container_ended("vk-0-0").death_seen("vk-0-0", 20ms).reported();
  auto history = world.history();
  plan::remember_ends(world.snapshot(), history);
  world.pod_gone("vk-0-0");
  EXPECT_EQ(brief(run(plan::check_failover, world, history).steps, {}), "promote vk-0-1 shard=0 mode=force because=ProcessDead");
}

// One shard: its primary died, vk-0-2 is its replica, and vk-0-1 a newcomer that knows the dead one by gossip alone.
ClusterBuilder beside_a_newcomer(const std::function<void(NodeRow&)>& as_the_newcomer_knows) {
  auto world = two_replicas().shards(1).dead("vk-0-0");
  world.change("vk-0-0", [](auto& n) { n.online_set = true, n.online = {"vk-0-2"}; });
  world.change("vk-0-1", [](auto& n) { n.is_primary = true, n.follows.clear(), n.keys = 0, n.has_synced = false; });
  const auto dead = world.id("vk-0-0");
  return world.death_seen("vk-0-0", 20ms).reported().edit([=](auto& snapshot) {
    auto state = *snapshot.pods[1].state;
    auto view = *snapshot.views.at(state.view_hash);
    for (auto& row : view.rows)
      if (row.id == dead) as_the_newcomer_knows(row);
    state.view_hash = agreement_hash(view);
    snapshot.pods[1].state = std::make_shared<const NodeState>(state);
    snapshot.views[state.view_hash] = std::make_shared<const TopologyView>(view);
  });
}

TEST(FailoverCheck, AsksForTheEpochThatTheHeirKnowsAlsoWhereANewcomerKnowsNone) {
  const auto world = beside_a_newcomer([](NodeRow& row) { row.config_epoch = Epoch{0}; });
  auto history = world.history();
  const auto verdict = run(plan::check_failover, world, history);
  EXPECT_EQ(brief(verdict.steps, {}), "promote vk-0-2 shard=0 mode=takeover because=ProcessDead");
  EXPECT_EQ(std::get<model::Promote>(verdict.steps.at(0).action).seen_epoch, world.node("vk-0-0").epoch);
}

TEST(FailoverCheck, ReplacesAPrimaryWhoseSlotsANewcomerDoesNotKnow) {
  const auto world = beside_a_newcomer([](NodeRow& row) { row.slots = {}; });
  EXPECT_EQ(said(plan::check_failover, world), "promote vk-0-2 shard=0 mode=takeover because=ProcessDead");
}

TEST(FailoverCheck, ForgetsASuccessionOnceTheSlotsAreServed) {
  const auto world = a_cluster().dead("vk-0-0").death_seen("vk-0-0", 1s).promoted("vk-0-1");
  auto history = world.history();
  run(plan::check_failover, world, history);
  EXPECT_TRUE(history.successions.empty());
}

TEST(FailoverCheck, LooksAgainWhenTheWaitForReportsEnds) {
  const auto world = a_cluster().dead("vk-0-0");
  auto history = world.history();
  EXPECT_EQ(run(plan::check_failover, world, history).look_again_at, ClusterBuilder::kNow + 500ms);
}

}  // namespace
}  // namespace shardkeeper::test
