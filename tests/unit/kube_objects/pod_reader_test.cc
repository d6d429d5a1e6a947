#include "coordinator/platform/kube/objects/pod_reader.h"
#include "coordinator/platform/kube/objects/owner.h"
#include "tests/unit/kube_objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace platform::kube;
using model::PodPhase;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

// What a kubelet of 1.20 wrote for a pod of ours.
constexpr const char* kRunning = R"({
 "metadata": {"name": "cache-7x2kq", "namespace": "default", "uid": "p-1",
   "labels": {"shardkeeper.io/cluster": "cache", "shardkeeper.io/shard": "2", "shardkeeper.io/role": "primary", "team": "a"},
   "ownerReferences": [{"apiVersion": "shardkeeper.io/v1alpha1", "kind": "ValkeyCluster", "name": "cache", "uid": "c-1", "controller": true}]},
 "spec": {"nodeName": "w1", "containers": [{"name": "valkey", "image": "localhost/valkey:8.0.1"}, {"name": "agent", "image": "x"}]},
 "status": {"phase": "Running", "podIP": "10.88.1.7",
   "conditions": [{"type": "shardkeeper.io/in-cluster", "status": "True"}, {"type": "Ready", "status": "False"}],
   "initContainerStatuses": [{"name": "prepare", "restartCount": 0, "containerID": "containerd://aa",
     "state": {"terminated": {"exitCode": 0, "reason": "Completed", "containerID": "containerd://aa"}}}],
   "containerStatuses": [
     {"name": "agent", "restartCount": 0, "containerID": "containerd://bb", "state": {"running": {"startedAt": "2026-11-25T12:00:00Z"}}},
     {"name": "valkey", "restartCount": 1, "containerID": "containerd://cc", "state": {"running": {}},
      "lastState": {"terminated": {"exitCode": 137, "containerID": "containerd://old"}}},
     {"name": "logger", "restartCount": 0, "containerID": "containerd://dd", "state": {"running": {}}}]}})";

TEST(ReadPod, TakesWhatThePlannerKnowsOfPods) {
  const auto pod = read_pod(object_of(kRunning));
  EXPECT_EQ(pod.name, PodName("cache-7x2kq"));
  EXPECT_EQ(pod.uid, PodUid("p-1"));
  EXPECT_EQ(pod.cluster, ClusterName("cache"));
  EXPECT_EQ(pod.shard(), ShardId{2});
  EXPECT_EQ(pod.worker, WorkerName("w1"));
  EXPECT_EQ(pod.ip, "10.88.1.7");
  EXPECT_EQ(pod.phase, PodPhase::kRunning);
  EXPECT_EQ(pod.image, "localhost/valkey:8.0.1");
  EXPECT_FALSE(pod.is_deleting);
  EXPECT_EQ(pod.trouble, "");
  EXPECT_THAT(pod.labels, UnorderedElementsAre(Pair("shardkeeper.io/cluster", "cache"), Pair("shardkeeper.io/shard", "2"),
                                               Pair("shardkeeper.io/role", "primary")));
  EXPECT_THAT(pod.conditions, ElementsAre(Pair("Ready", false), Pair("shardkeeper.io/in-cluster", true)));
}

TEST(ReadPod, ARestartedServerHasAnOldEndAndHasNotEnded) {
  const auto pod = read_pod(object_of(kRunning));
  ASSERT_EQ(pod.containers.size(), 3U) << "the user's own container is not the planner's business";
  EXPECT_EQ(pod.containers[2], (model::ContainerStatus{"valkey", "containerd://cc", true, "containerd://old", 1}));
  EXPECT_FALSE(pod.server_ended());
}

model::Pod with_valkey(const std::string& status) {
  return read_pod(object_of(R"({"status": {"phase": "Running", "containerStatuses": [)" + status + "]}}"));
}

TEST(ReadPod, TheKubeletsWordThatTheNewestInstanceEnded) {
  EXPECT_TRUE(with_valkey(R"({"name": "valkey", "containerID": "containerd://cc",
      "state": {"terminated": {"exitCode": 137, "containerID": "containerd://cc"}}})")
                  .server_ended());
  EXPECT_TRUE(with_valkey(R"({"name": "valkey", "containerID": "containerd://cc", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
      "lastState": {"terminated": {"exitCode": 1, "containerID": "containerd://cc"}}})")
                  .server_ended());
}

TEST(ReadPod, AKubeletThatLostSightOfAContainerDoesNotSayThatItEnded) {
  EXPECT_FALSE(with_valkey(R"({"name": "valkey", "containerID": "containerd://cc", "state": {"terminated":
      {"exitCode": 137, "reason": "ContainerStatusUnknown", "containerID": "containerd://cc"}}})")
                   .server_ended());
  EXPECT_FALSE(with_valkey(R"({"name": "valkey", "state": {"terminated": {"exitCode": 137}}})").server_ended())
      << "an end without an id is nobody's";
}

TEST(ReadPod, FailedByTheControlPlaneIsNoEvidence) {
  const auto pod = read_pod(object_of(R"({"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}})"));
  EXPECT_EQ(pod.phase, PodPhase::kFailed);
  EXPECT_FALSE(pod.server_ended());
  EXPECT_EQ(pod.trouble, "Failed: Evicted: The node was low on memory.");
}

TEST(ReadPod, DeletionIsSeen) {
  EXPECT_TRUE(read_pod(object_of(R"({"metadata": {"name": "a", "deletionTimestamp": "2026-11-25T12:00:00Z"}})")).is_deleting);
}

struct Trouble {
  const char* sentence;
  const char* status;
  const char* said;
};

class PodTrouble : public testing::TestWithParam<Trouble> {};

TEST_P(PodTrouble, IsToldInThePlatformsWords) {
  EXPECT_EQ(trouble_of(object_of(std::string(R"({"status": )") + GetParam().status + "}")), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, PodTrouble,
    testing::Values(
        Trouble{"Unschedulable",
                R"({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
          "message": "0/3 nodes are available: 3 Insufficient memory."}]})",
                "Unschedulable: 0/3 nodes are available: 3 Insufficient memory."},
        Trouble{"ImageCannotBePulled",
                R"({"phase": "Pending", "containerStatuses": [{"name": "valkey", "state": {"waiting":
          {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"nowhere/x:1\""}}}]})",
                "valkey: ImagePullBackOff: Back-off pulling image \"nowhere/x:1\""},
        Trouble{"PrepareFails",
                R"({"phase": "Pending", "initContainerStatuses": [{"name": "prepare", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
          "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "disk full\n"}}}],
          "containerStatuses": [{"name": "valkey", "state": {"waiting": {"reason": "PodInitializing"}}}]})",
                "prepare: CrashLoopBackOff: last end: exit code 1: Error: disk full"},
        Trouble{"OrdinaryStart", R"({"phase": "Pending", "containerStatuses": [{"name": "valkey", "state": {"waiting":
          {"reason": "ContainerCreating"}}}]})",
                ""},
        Trouble{"NothingKnownYet", R"({})", ""}),
    [](const auto& info) { return info.param.sentence; });

TEST(OwnerOf, IsTheControllerAndNobodyElse) {
  EXPECT_EQ(owner_of(object_of(kRunning)), (Owner{ClusterName("cache"), "c-1"}));
  EXPECT_EQ(owner_of(object_of(R"({"metadata": {"name": "a", "labels": {"shardkeeper.io/cluster": "cache"}}})")), std::nullopt);
  EXPECT_EQ(owner_of(object_of(R"({"metadata": {"ownerReferences": [
      {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cache", "uid": "u", "controller": true}]}})")),
            std::nullopt);
}

TEST(ReadPod, ToleratesAnything) {
  const auto pod = read_pod(object_of(R"({"metadata": 7, "spec": {"containers": {"a": 1}}, "status": {"conditions": ["x"],
      "containerStatuses": [null, 3, {"state": []}]}})"));
  EXPECT_EQ(pod.name, PodName(""));
  EXPECT_THAT(pod.containers, testing::IsEmpty());
}

}  // namespace
}  // namespace shardkeeper::test
