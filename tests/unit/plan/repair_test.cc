// Making a shard whole again: replicas, pods, labels, settings.
#include "coordinator/plan/decide.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

class ReplicasCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(ReplicasCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_replicas, GetParam().world), GetParam().expect); }

void join_empty(BuiltNode& node) { node.in_cluster = true, node.epoch = {9}; }

const CheckCase kReplicas[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"a newcomer that knows its primary replicates it", a_cluster().fresh("vk-0-1").change("vk-0-1", join_empty),
     "order vk-0-1 replicate primary=00000000 because=NewNode"},
    {"a newcomer that does not know its primary yet waits", a_cluster().fresh("vk-0-1"), "hold pod vk-0-1: Creating"},
    {"a replica of another shard's primary is moved", a_cluster().follows("vk-0-1", "vk-1-0"),
     "order vk-0-1 replicate primary=00000000 because=WrongPrimary"},
    {"an empty primary with keys is not made a replica",
     a_cluster().fresh("vk-0-1").change("vk-0-1", [](auto& n) { join_empty(n), n.keys = 3; }), "hold pod vk-0-1: WrongPrimary"},
    {"the heir of a dead primary with slots is left alone", a_cluster().dead("vk-1-0").follows("vk-0-1", "vk-1-0"), ""},
    {"a primary without address is not followed", a_cluster().fresh("vk-0-1").change("vk-0-1", join_empty).noaddr("vk-0-0"),
     "hold pod vk-0-1: Creating"},
    {"a replica that follows a dead primary whose slots are served is moved",
     a_cluster().replicas(2).dead("vk-0-0").promoted("vk-0-1").change("vk-0-2", [](auto& n) { n.follows = "vk-0-0"; }),
     "order vk-0-2 replicate primary=00001000 because=WrongPrimary"},
    {"a replica too many is not moved any more",
     a_cluster().extra("vk-0-2", 0, "w1").follows("vk-0-2", "vk-1-0").follows("vk-0-1", "vk-0-0"),
     "order vk-0-2 replicate primary=00000000 because=WrongPrimary"},
};
INSTANTIATE_TEST_SUITE_P(Replicas, ReplicasCheck, testing::ValuesIn(kReplicas), name_of);

constexpr std::uint64_t kAsked = 4;

// vk-1-0 takes the replica vk-0-1 for a primary of epoch 9 since `ago`, and has said so again when it was asked.
ClusterBuilder mistaken(Duration ago) {
  return a_cluster()
      .edit([](auto& s) {
        const auto of_primary = s.pods[2].state->view_hash + 1;
        auto view = std::make_shared<TopologyView>(*s.views.at(s.pods[2].state->view_hash));
        for (auto& row : view->rows)
          if (row.id == s.pods[1].state->node_id) row.role = Role::kPrimary, row.primary_id.reset(), row.config_epoch = {9};
        auto state = std::make_shared<NodeState>(*s.pods[2].state);
        state->view_hash = of_primary;
        state->nonce = kAsked;
        s.pods[2].state = state;
        s.views[of_primary] = view;
        for (auto& pod : s.pods) {
          auto knowing = std::make_shared<NodeState>(*pod.state);
          knowing->current_epoch = {9};
          pod.state = knowing;
        }
      })
      .remember([ago](auto& h) {
        h.mistaken[a_cluster().id("vk-0-1")] = {ClusterBuilder::kNow - ago, kAsked};
      });
}

class MistakenCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(MistakenCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_mistaken, GetParam().world), GetParam().expect); }

const CheckCase kMistaken[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"gossip is given its time", mistaken(2999ms), ""},
    {"a replica taken for a primary is announced with a higher epoch", mistaken(3500ms),
     "order vk-0-0 raise-epoch above=9 because=Mistaken"},
    {"not while slots move to its primary", mistaken(10s).open_slot("vk-0-0", 1, OpenSlot::Direction::kImporting, "vk-1-0"),
     "hold pod vk-0-1: Mistaken"},
    {"nor while its primary is fenced", mistaken(10s).change("vk-0-0", [](auto& n) { n.fenced = true; }), "hold pod vk-0-1: Mistaken"},
    {"nor while another one's epoch is raised", mistaken(10s).in_flight(model::Order{PodName("vk-1-0"), command::RaiseEpoch{Epoch{8}}}),
     "hold pod vk-0-1: Mistaken"},
    {"nor before its primary has heard of the highest epoch", mistaken(10s).change("vk-2-0", [](auto& n) { n.epoch = {70}; }),
     "hold pod vk-0-1: Mistaken"},
    {"nor while a voter is out of reach, who may have given the slots to another one", mistaken(10s).silent("vk-2-0"),
     "hold pod vk-0-1: Mistaken"},
    {"nor while a voter suspects its primary", mistaken(10s).suspected("vk-0-0"), "hold pod vk-0-1: Mistaken"},
    {"nor while its shard is handed over",
     mistaken(10s).in_flight(model::Promote{.shard = ShardId{0},
                                            .replica = PodName("vk-0-1"),
                                            .old_primary = a_cluster().id("vk-0-0"),
                                            .ticket_holder = {},
                                            .seen_epoch = {}}),
     "hold pod vk-0-1: Mistaken"},
    {"who is mistaken is asked once more first",
     mistaken(10s).remember([](auto& h) { h.mistaken.begin()->second.nonce = 0, h.last_nonce = kAsked; }),
     "ask-report vk-1-0 because=ReportWanted"},
    {"its primary's epoch is above it already: only gossip is awaited", mistaken(10s).change("vk-0-0", [](auto& n) { n.epoch = {10}; }),
     ""},
};
INSTANTIATE_TEST_SUITE_P(Mistaken, MistakenCheck, testing::ValuesIn(kMistaken), name_of);

class PodsCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(PodsCheck, DecidesAsStated) {
  const auto& world = GetParam().world;
  const auto outcome = plan::decide(world.snapshot(), world.history());
  std::vector<model::Step> steps;
  std::vector<model::Finding> findings;
  for (const auto& step : outcome.decision.steps) {
    const bool is_about_pods = std::holds_alternative<model::CreatePod>(step.action) ||
                               std::holds_alternative<model::EvictPod>(step.action) ||
                               std::holds_alternative<model::RemovePod>(step.action) || step.why == model::Reason::kExtraReplica;
    if (is_about_pods) steps.push_back(step);
  }
  for (const auto& finding : outcome.decision.findings) {
    using enum model::Reason;
    if (finding.reason == kPresumedIsolated || finding.reason == kExtraReplica || finding.reason == kReplicaNotReady ||
        finding.reason == kPodTrouble || finding.reason == kCannotPlace)
      findings.push_back(finding);
  }
  EXPECT_EQ(brief(steps, findings), GetParam().expect);
}

ClusterBuilder hard_spread(ClusterBuilder world) {
  world.spec().worker_spread = model::SpreadMode::kRequired;
  return world;
}

ClusterBuilder with_replicas_asked(ClusterBuilder world, int count) {
  world.spec().replicas_per_shard = count;
  return world;
}

ClusterBuilder with_shards_asked(ClusterBuilder world, int count) {
  world.spec().shards = count;
  return world;
}

void worker_not_ready(model::Snapshot& snapshot, const std::string& name) {
  for (auto& worker : snapshot.workers)
    if (worker.name.value == name) worker.ready = false;
}

// Its platform has trouble with it, and today's spec would make another one.
ClusterBuilder corrected(ClusterBuilder world, const std::string& name) {
  return world.edit([name](auto& snapshot) {
    for (auto& info : snapshot.pods)
      if (info.pod.name.value == name) info.pod.trouble = "image cannot be pulled", info.pod.is_outdated = true;
  });
}

void server_never_started(model::Snapshot& snapshot, const std::string& name) {
  for (auto& info : snapshot.pods)
    if (info.pod.name.value == name) info.pod.containers = {{"valkey", "", false, std::nullopt, 0}};
}

const CheckCase kPods[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"no pods at all: one of each shard is made", a_cluster().edit([](auto& s) { s.pods.clear(); }),
     "create-pod shard=0 because=MissingPod; create-pod shard=1 because=MissingPod; create-pod shard=2 because=MissingPod"},
    {"a missing pod is made away from its shard's other members", a_cluster().pod_gone("vk-0-1"),
     "create-pod shard=0 not=w1 because=MissingPod"},
    {"with required spread never beside them", hard_spread(a_cluster().pod_gone("vk-0-1")),
     "create-pod shard=0 never=w1 because=MissingPod"},
    {"a pod on its way is not made twice", a_cluster().pod_gone("vk-0-1").in_flight(model::CreatePod{{{}, ShardId{0}, {}, false, {}}}), ""},
    {"more replicas are asked for: made", with_replicas_asked(a_cluster().shards(1), 2),
     "create-pod shard=0 not=w1 not=w2 because=MissingPod"},
    {"a pod on a worker that is not ready is replaced", a_cluster().silent("vk-0-1").edit([](auto& s) { worker_not_ready(s, "w2"); }),
     "create-pod shard=0 not=w1 because=MissingPod"},
    {"a silent pod that its cluster gave up is replaced", a_cluster().silent("vk-0-1").failed("vk-0-1"),
     "create-pod shard=0 not=w1 because=MissingPod"},
    {"a silent pod that its cluster still sees is left alone", a_cluster().silent("vk-0-1"), ""},
    {"right after a coordinator's start nothing is made",
     a_cluster().pod_gone("vk-0-1").unheard("vk-1-0").edit([](auto& s) { s.started = s.now - 1s; }), ""},
    {"three of six silent at once: presumed isolated", a_cluster().silent("vk-0-1").silent("vk-1-1").silent("vk-2-1"),
     "hold cluster: PresumedIsolated"},
    {"two of six silent: not presumed isolated", a_cluster().silent("vk-0-1").silent("vk-1-1").pod_gone("vk-2-1"),
     "create-pod shard=2 not=w3 because=MissingPod"},
    {"three silent ones that their cluster gave up do not count",
     a_cluster().replicas(2).silent("vk-0-1").silent("vk-1-1").silent("vk-2-1").failed("vk-0-1").failed("vk-1-1").failed("vk-2-1"),
     "create-pod shard=0 not=w1 not=w3 because=MissingPod; create-pod shard=1 not=w2 not=w1 because=MissingPod; create-pod shard=2 not=w3 "
     "not=w2 because=MissingPod"},
    {"all pods of more than one cluster silent: presumed isolated",
     a_cluster().shards(1).silent("vk-0-0").silent("vk-0-1").edit([](auto& s) { s.clusters_silent = 1; }),
     "hold cluster: PresumedIsolated"},
    {"a replica too many is shut down when the others are in sync", a_cluster().shards(1).extra("vk-0-2", 0, "w3"),
     "order vk-0-2 shutdown because=ExtraReplica"},
    {"a replica too many waits until the others are in sync",
     a_cluster()
         .shards(1)
         .extra("vk-0-2", 0, "w3")
         .extra("vk-0-3", 0, "w4")
         .change("vk-0-1", [](auto& n) { n.has_synced = false; })
         .change("vk-0-2", [](auto& n) { n.has_synced = false; })
         .change("vk-0-3", [](auto& n) { n.has_synced = false; }),
     "hold pod vk-0-2: ReplicaNotReady; hold pod vk-0-3: ReplicaNotReady"},
    {"of two replicas the one beside the primary goes",
     with_replicas_asked(a_cluster().shards(1).replicas(2).change("vk-0-1", [](auto& n) { n.worker = "w1"; }), 1),
     "order vk-0-1 shutdown because=ExtraReplica"},
    {"the dead one of too many goes first, and is forgotten before its pod",
     with_replicas_asked(a_cluster().shards(1).replicas(2).dead("vk-0-1"), 1), "hold pod vk-0-1: ExtraReplica"},
    {"its pod is removed when every node has forgotten it",
     with_replicas_asked(a_cluster().shards(1).replicas(2).dead("vk-0-1").forgotten("vk-0-1"), 1),
     "remove-pod vk-0-1 because=ExtraReplica"},
    {"the pod of a dead server on a lost worker is cleared when it is forgotten and replaced",
     a_cluster().shards(1).replicas(2).out_of_service("w2").forgotten("vk-0-1"),
     "create-pod shard=0 not=w1 not=w3 because=MissingPod; remove-pod vk-0-1 because=Replaced"},
    {"what the platform says is wrong with a pod is said",
     a_cluster().edit([](auto& s) { s.pods[0].pod.trouble = "image cannot be pulled"; }), "hold pod vk-0-0: PodTrouble"},
    {"a pod that never served is replaced once the spec was corrected", corrected(a_cluster().first_start("vk-0-1"), "vk-0-1"),
     "remove-pod vk-0-1 because=Replaced; hold pod vk-0-1: PodTrouble"},
    {"an agent that was never heard: the platform says that no server ran",
     corrected(a_cluster().unheard("vk-0-1").edit([](auto& s) { server_never_started(s, "vk-0-1"); }), "vk-0-1"),
     "remove-pod vk-0-1 because=Replaced; hold pod vk-0-1: PodTrouble"},
    {"an agent that was never heard, and a server that may run: nothing is replaced", corrected(a_cluster().unheard("vk-0-1"), "vk-0-1"),
     "hold pod vk-0-1: PodTrouble"},
    {"a pod that serves is not replaced for its spec", corrected(a_cluster(), "vk-0-1"), "hold pod vk-0-1: PodTrouble"},
    {"a pod that has served is not replaced for its spec", corrected(a_cluster().dead("vk-0-1"), "vk-0-1"), "hold pod vk-0-1: PodTrouble"},
    {"a shard more is asked for: its pods are made, one at a time", with_shards_asked(a_cluster(), 4),
     "create-pod shard=3 because=MissingPod"},
    {"a shard less is asked for: while it owns slots it keeps its replicas", with_shards_asked(a_cluster().shards(4).pod_gone("vk-3-1"), 3),
     "create-pod shard=3 not=w1 because=MissingPod"},
    {"a pod that cannot be placed is said",
     a_cluster().pod_gone("vk-0-1").failing(model::CreatePod{{{}, ShardId{0}, {}, false, {}}}, 3, 5s), "hold cluster: CannotPlace"},
};
INSTANTIATE_TEST_SUITE_P(Pods, PodsCheck, testing::ValuesIn(kPods), name_of);

class UpkeepCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(UpkeepCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_upkeep, GetParam().world), GetParam().expect); }

ClusterBuilder short_timeouts() {
  auto world = a_cluster().shards(1);
  for (const char* pod : {"vk-0-0", "vk-0-1"}) world.change(pod, [](auto& n) { n.node_timeout = 500ms, n.keys = 0; });
  return world;
}

ClusterBuilder one_waits() {
  auto world = a_cluster().shards(2);
  for (const char* pod : {"vk-0-0", "vk-1-0"}) world.change(pod, [](auto& n) { n.node_timeout = 500ms, n.keys = 0; });
  return world.change("vk-1-0", [](auto& n) { n.cluster_ok = false; });
}

const CheckCase kUpkeep[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"a stale role label is corrected", a_cluster().edit([](auto& s) { s.pods[0].pod.labels[model::kLabelRole] = "replica"; }),
     "label-pod vk-0-0 role=primary because=LabelStale"},
    {"a dead primary's pod is none any more where it has a successor", a_cluster().dead("vk-0-0").promoted("vk-0-1").edit([](auto& s) {
       s.pods[0].pod.labels[model::kLabelRole] = "primary";
       s.pods[0].pod.conditions.clear();
     }),
     "label-pod vk-0-0 role=replica because=LabelStale"},
    {"nor one that is being deleted",
     a_cluster().dead("vk-0-0").promoted("vk-0-1").change("vk-0-0", [](auto& n) { n.is_deleting = true; }).edit([](auto& s) {
       s.pods[0].pod.labels[model::kLabelRole] = "primary";
     }),
     "label-pod vk-0-0 role=replica because=LabelStale"},
    {"where it has none, it stays the primary that it was", a_cluster().dead("vk-0-0").edit([](auto& s) {
       s.pods[0].pod.labels[model::kLabelRole] = "primary";
       s.pods[0].pod.conditions.clear();
     }),
     ""},
    {"a member gets its condition", a_cluster().edit([](auto& s) { s.pods[0].pod.conditions.clear(); }),
     "set-condition vk-0-0 shardkeeper.io/in-cluster=true because=LabelStale"},
    {"who is no member loses it",
     a_cluster().dead("vk-0-0").edit([](auto& s) { s.pods[0].pod.conditions[model::kConditionInCluster] = true; }),
     "set-condition vk-0-0 shardkeeper.io/in-cluster=false because=LabelStale"},
    {"who was not heard yet keeps it", a_cluster().unheard("vk-0-1").edit([](auto& s) {
       s.pods[1].pod.conditions[model::kConditionInCluster] = true;
       s.pods[1].first_seen = s.now - 4999ms;
     }),
     ""},
    {"but not for longer than a node timeout", a_cluster().unheard("vk-0-1").edit([](auto& s) {
       s.pods[1].pod.conditions[model::kConditionInCluster] = true;
       s.pods[1].first_seen = s.now - 5s;
     }),
     "set-condition vk-0-1 shardkeeper.io/in-cluster=false because=LabelStale"},
    {"while no view is known nobody loses it", a_cluster().shards(1).edit([](auto& s) { s.views.clear(); }), ""},
    {"a newcomer that knows nobody is no member", a_cluster().fresh("vk-0-1"), ""},
    {"the short timeout of creation goes back when all agree and serve", short_timeouts(),
     "order vk-0-0 set-config cluster-node-timeout=5000 because=Settled; order vk-0-1 set-config cluster-node-timeout=5000 "
     "because=Settled"},
    {"not before cluster_state is ok", short_timeouts().change("vk-0-0", [](auto& n) { n.cluster_ok = false; }), ""},
    {"a primary that has learned all gets it back before the slowest one", one_waits(),
     "order vk-0-0 set-config cluster-node-timeout=5000 because=Settled"},
    {"nobody while somebody has no role yet", one_waits().extra("vk-0-2", 0, "w3").fresh("vk-0-2"), ""},
    {"a server with keys gets it back at once", short_timeouts().change("vk-0-0", [](auto& n) { n.cluster_ok = false, n.keys = 1; }),
     "order vk-0-0 set-config cluster-node-timeout=5000 because=Settled"},
    {"another timeout than the spec's is corrected", a_cluster().change("vk-0-0", [](auto& n) { n.node_timeout = 15s; }),
     "order vk-0-0 set-config cluster-node-timeout=5000 because=Settled"},
    {"a rightful primary's fence is lifted", a_cluster().change("vk-0-0", [](auto& n) { n.fenced = true; }),
     "order vk-0-0 unfence because=FenceLifted"},
    {"a zombie's fence stays",
     a_cluster()
         .island(1, {"vk-0-0"})
         .promoted("vk-0-1")
         .change("vk-0-0", [](auto& n) { n.fenced = true, n.is_primary = true, n.follows.clear(), n.slots = SlotSet::of(0, 5460); })
         .edit([](auto& s) { s.pods[0].pod.labels[model::kLabelRole] = "primary", s.pods[0].pod.conditions.clear(); }),
     "label-pod vk-0-0 role=replica because=LabelStale"},
    {"the fence of a primary that its cluster gave up stays",
     a_cluster().failed("vk-0-0").change("vk-0-0", [](auto& n) { n.fenced = true; }), ""},
    {"who was told other settings last is told today's",
     a_cluster().shards(1).change("vk-0-1",
                                  [](auto& n) {
                                    n.settings = {{"maxclients", "5"}};
                                  }),
     "order vk-0-1 apply-settings because=SettingsChanged"},
    {"a setting that is not in force is said once, and a refused one otherwise than one that waits for a new server",
     a_cluster()
         .shards(1)
         .change("vk-0-0",
                 [](auto& n) {
                   n.settings_not_in_force = {{"databases", true, "immutable"}, {"hz", false, "no number"}};
                 })
         .change("vk-0-1",
                 [](auto& n) {
                   n.settings_not_in_force = {{"databases", true, "immutable"}};
                 }),
     "hold spec.config.databases: RollNeeded; hold spec.config.hz: SettingRefused"},
    {"what is wrong with users is said once",
     a_cluster()
         .shards(1)
         .change("vk-0-0", [](auto& n) { n.users_trouble = "line 3: names no user"; })
         .change("vk-0-1", [](auto& n) { n.users_trouble = "line 3: names no user"; }),
     "hold spec.usersSecret: UsersRejected"},
    {"a certificate that cannot be used is told, once where pods say the same",
     a_cluster()
         .shards(1)
         .change("vk-0-0", [](auto& n) { n.tls_trouble = "tls.crt: certificate has expired"; })
         .change("vk-0-1", [](auto& n) { n.tls_trouble = "tls.crt: certificate has expired"; }),
     "hold spec.tls: TlsRejected"},
    {"fields that cannot be honoured are said",
     [] {
       auto world = a_cluster();
       world.spec().not_honoured = {"spec.storageClass"};
       return world;
     }(),
     "hold cluster: NotHonoured"},
};
INSTANTIATE_TEST_SUITE_P(Upkeep, UpkeepCheck, testing::ValuesIn(kUpkeep), name_of);

class ObservationCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(ObservationCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_observation, GetParam().world), GetParam().expect); }

const CheckCase kObservation[] = {
    {"one holder of an unknown view is asked for it",
     a_cluster()
         .shards(1)
         .change("vk-0-0", [](auto& n) { n.view_unknown = true; })
         .change("vk-0-1", [](auto& n) { n.view_unknown = true; }),
     "ask-view vk-0-0 because=ViewUnknown"},
    {"who is silent or was never heard is said", a_cluster().silent("vk-0-0").unheard("vk-0-1"),
     "hold pod vk-0-0: AgentSilent; hold pod vk-0-1: AgentSilent"},
};
INSTANTIATE_TEST_SUITE_P(Observation, ObservationCheck, testing::ValuesIn(kObservation), name_of);

}  // namespace
}  // namespace shardkeeper::test
