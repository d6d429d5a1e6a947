#include "coordinator/platform/kube/objects/node_reader.h"
#include "tests/unit/kube_objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace platform::kube;
using testing::ElementsAre;

TEST(ReadNode, TakesWhatThePlannerKnowsOfWorkers) {
  const auto node = object_of(R"({"metadata": {"name": "w1", "labels": {"topology.kubernetes.io/zone": "z1",
      "failure-domain.beta.kubernetes.io/zone": "old"}}, "spec": {},
      "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
      "nodeInfo": {"kubeletVersion": "v1.20.2"}}})");
  EXPECT_EQ(read_node(node), (model::Worker{WorkerName("w1"), "z1", true, true, {}}));
  EXPECT_EQ(kubelet_version(node), "v1.20.2");
}

TEST(ReadNode, KnowsTheOldZoneLabel) {
  EXPECT_EQ(read_node(object_of(R"({"metadata": {"labels": {"failure-domain.beta.kubernetes.io/zone": "old"}}})")).zone, "old");
}

TEST(ReadNode, CordonedAndTainted) {
  const auto worker = read_node(object_of(R"({"metadata": {"name": "w1"}, "spec": {"unschedulable": true, "taints": [
      {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]},
      "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})"));
  EXPECT_FALSE(worker.schedulable);
  EXPECT_FALSE(worker.ready) << "a silent kubelet's worker is not ready";
  EXPECT_THAT(worker.taints, ElementsAre("node.kubernetes.io/unschedulable", model::kTaintOutOfService));
}

TEST(ReadNode, AKubeletThatNeverReportedIsNotReady) { EXPECT_FALSE(read_node(object_of(R"({"metadata": {"name": "w1"}})")).ready); }

}  // namespace
}  // namespace shardkeeper::test
