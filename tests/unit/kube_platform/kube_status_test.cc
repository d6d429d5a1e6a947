#include "coordinator/surroundings/kube_status.h"

#include "common/types/slot_set.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/surroundings/status_writer.h"
#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::coordinator {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using platform::kube::ObjectName;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
namespace json = platform::kube::json;

admin::v1::ClusterStatus ready_cluster(int shards = 3) {
  admin::v1::ClusterStatus cluster;
  cluster.set_name("cache");
  cluster.set_ready(true);
  cluster.set_reason("Healthy");
  cluster.set_message("all 6 pods are Ready and all slots are served");
  cluster.set_shards_wanted(shards);
  cluster.set_replicas_per_shard(1);
  cluster.set_slots_served(kSlotCount);
  for (int i = 0; i < shards; ++i) {
    auto& shard = *cluster.add_shards();
    shard.set_shard(i);
    shard.set_slots(kSlotCount / shards + (i == 0 ? kSlotCount % shards : 0));
    for (const auto* const role : {"primary", "replica"}) {
      auto& pod = *shard.add_pods();
      pod.set_name("cache-" + std::to_string(i) + role[0]);
      pod.set_worker("w1");
      pod.set_role(role);
      pod.set_ready(true);
      pod.set_server_version("8.0.1");
    }
  }
  return cluster;
}

object status_of(const admin::v1::ClusterStatus& cluster, const std::string& rejected = "", int outdated = 0) {
  const model::ClusterObject wanted{.name = ClusterName("cache"), .space = "n", .uid = "u", .spec = {}};
  return cluster_status({cluster, wanted, 7, rejected, outdated});
}

// type -> "status reason"
std::map<std::string, std::string> conditions(const object& status) {
  std::map<std::string, std::string> found;
  for (const auto& one : json::list_at(status, {"conditions"})) {
    const auto& condition = one.as_object();
    found[json::text_at(condition, {"type"})] = json::text_at(condition, {"status"}) + " " + json::text_at(condition, {"reason"});
  }
  return found;
}

TEST(KubeStatus, OfAClusterThatIsWell) {
  const auto status = status_of(ready_cluster());
  EXPECT_THAT(conditions(status),
              ElementsAre(Pair("Balanced", "True Even"), Pair("Degraded", "False Healthy"), Pair("Progressing", "False Settled"),
                          Pair("Ready", "True Healthy"), Pair("SlotsAssigned", "True AllServed"), Pair("UpToDate", "True UpToDate")));
  EXPECT_EQ(status.at("observedGeneration").as_int64(), 7);
  EXPECT_EQ(status.at("shards").as_int64(), 3);
  EXPECT_EQ(status.at("readyShards").as_int64(), 3);
  EXPECT_EQ(status.at("slots").as_int64(), kSlotCount);
  EXPECT_EQ(status.at("selector").as_string(), "shardkeeper.io/cluster=cache,shardkeeper.io/role=primary");
  EXPECT_EQ(status.at("version").as_string(), "8.0.1");
  EXPECT_EQ(status.at("imbalance").as_string(), "1.00");
  EXPECT_FALSE(status.contains("operation"));
  EXPECT_EQ(json::text_at(status.at("shardSummary").as_array()[1].as_object(), {"primary"}), "cache-1p");
}

TEST(KubeStatus, OfAMissingReplica) {
  auto cluster = ready_cluster();
  cluster.set_ready(false);
  cluster.set_reason("Repairing");
  cluster.mutable_shards(1)->mutable_pods(1)->set_ready(false);
  cluster.mutable_shards(1)->mutable_pods(1)->set_reason("FirstSync");
  const auto status = status_of(cluster);
  EXPECT_EQ(conditions(status)["Ready"], "False Repairing");
  EXPECT_EQ(conditions(status)["Degraded"], "True ReplicaMissing");
  EXPECT_EQ(conditions(status)["Progressing"], "True Repairing");
  EXPECT_EQ(status.at("readyShards").as_int64(), 2);
  EXPECT_EQ(json::text_at(status.at("shardSummary").as_array()[1].as_object(), {"reason"}), "FirstSync");
}

TEST(KubeStatus, ConditionsHaveTheReasonsOfFindings) {
  auto cluster = ready_cluster();
  auto& finding = *cluster.add_findings();
  finding.set_family("unsafe");
  finding.set_reason("NoCandidate");
  finding.set_subject("shard 1");
  finding.set_detail("no replica has finished a sync");
  const auto status = status_of(cluster);
  EXPECT_EQ(conditions(status)["Degraded"], "True NoCandidate");
  EXPECT_THAT(boost::json::serialize(status), HasSubstr("shard 1: no replica has finished a sync"));
}

TEST(KubeStatus, ARejectedChangeIsSaidWhileTheClusterRunsOn) {
  const auto status = status_of(ready_cluster(), "spec.shards: must be 1 or at least 3, not 2");
  EXPECT_EQ(conditions(status)["UpToDate"], "False ManifestRejected");
  EXPECT_EQ(conditions(status)["Ready"], "True Healthy");
}

TEST(KubeStatus, PodsOfAnEarlierSpecNeedARoll) { EXPECT_EQ(conditions(status_of(ready_cluster(), "", 2))["UpToDate"], "False RollNeeded"); }

TEST(KubeStatus, MovingSlotsAreAnOperationWithProgress) {
  auto cluster = ready_cluster();
  cluster.mutable_migration()->set_slots_left(1000);
  auto& job = *cluster.mutable_migration()->add_jobs();
  job.set_slots_total(500);
  job.set_slots_done(250);
  const auto status = status_of(cluster);
  EXPECT_EQ(conditions(status)["Progressing"], "True MovingSlots");
  EXPECT_EQ(conditions(status)["Balanced"], "False Rebalance");
  EXPECT_EQ(json::text_at(status, {"operation", "progress"}), "25%");
}

TEST(KubeStatus, TransitionTimesChangeWithTheStatusOnly) {
  auto cluster = ready_cluster();
  const auto first = status_at(status_of(cluster), {}, 1'000'000);
  cluster.set_message("something else");
  const auto second = status_at(status_of(cluster), first, 9'000'000);
  const auto time_of = [](const object& status, const char* type) {
    return json::text_at(*json::element(json::list_at(status, {"conditions"}), "type", type), {"lastTransitionTime"});
  };
  EXPECT_EQ(time_of(first, "Ready"), "1970-01-01T00:16:40Z");
  EXPECT_EQ(time_of(second, "Ready"), "1970-01-01T00:16:40Z");
  cluster.set_ready(false);
  EXPECT_EQ(time_of(status_at(status_of(cluster), second, 9'000'000), "Ready"), "1970-01-01T02:30:00Z");
}

class StatusWriterTest : public testing::Test {
 protected:
  StatusWriterTest() { api_.put("valkeyclusters", {{"metadata", object{{"name", "cache"}, {"namespace", "n"}}}}); }
  void want(const admin::v1::ClusterStatus& cluster, Duration then = 2s) {
    writer_.want(name_, status_of(cluster));
    scheduler_.run_for(then);
  }
  const object& there() { return api_.find("valkeyclusters", name_)->at("status").as_object(); }

  const ObjectName name_{"n", "cache"};
  test::FakeScheduler scheduler_;
  test::FakeKubeApi api_{scheduler_};
  StatusWriter writer_{api_, scheduler_, {"shardkeeper.io/v1alpha1", "ValkeyCluster", "valkeyclusters"}};
};

TEST_F(StatusWriterTest, WritesOnceAndThenNothing) {
  for (int i = 0; i < 100; ++i) want(ready_cluster());
  EXPECT_THAT(api_.writes, ElementsAre("PATCH valkeyclusters/status n/cache"));
}

TEST_F(StatusWriterTest, ABurstOfChangesIsOneWriteASecond) {
  auto cluster = ready_cluster();
  for (int i = 0; i < 100; ++i) {
    cluster.set_message("change " + std::to_string(i));
    want(cluster, 10ms);
  }
  scheduler_.run_for(2s);
  EXPECT_LE(api_.writes.size(), 3U);
  EXPECT_THAT(boost::json::serialize(there()), HasSubstr("change 99"));
}

TEST_F(StatusWriterTest, WhatIsNotSaidAnyMoreGoes) {
  auto cluster = ready_cluster();
  cluster.mutable_migration()->set_slots_left(10);
  want(cluster);
  EXPECT_TRUE(there().contains("operation"));
  want(ready_cluster());
  EXPECT_FALSE(there().contains("operation"));
}

TEST_F(StatusWriterTest, ASuccessorWritesNothingThatStandsThere) {
  want(ready_cluster());
  StatusWriter successor(api_, scheduler_, {"shardkeeper.io/v1alpha1", "ValkeyCluster", "valkeyclusters"});
  successor.saw(name_, object(there()));
  api_.writes.clear();
  scheduler_.run_for(1h);
  successor.want(name_, status_of(ready_cluster()));
  scheduler_.run_for(10s);
  EXPECT_THAT(api_.writes, IsEmpty());
}

TEST_F(StatusWriterTest, TriesAgainAfterAFailure) {
  api_.refuse = [](const test::kube::Request&) { return std::optional<Error>(unavailable("PATCH", "away")); };
  want(ready_cluster());
  api_.refuse = nullptr;
  scheduler_.run_for(10s);
  EXPECT_EQ(there().at("shards").as_int64(), 3);
}

}  // namespace
}  // namespace shardkeeper::coordinator
