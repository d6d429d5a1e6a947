#include "coordinator/platform/kube/objects/cluster_reader.h"
#include "tests/unit/kube_objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

namespace shardkeeper::test {
namespace {

using namespace platform::kube;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As the API server gives it back: with what it and others wrote.
std::string with_spec(const std::string& spec) {
  return R"({"apiVersion": "shardkeeper.io/v1alpha1", "kind": "ValkeyCluster", "metadata": {"name": "cache", "namespace": "shop",
    "uid": "c-1", "generation": 4, "resourceVersion": "99", "creationTimestamp": "2026-11-25T12:00:00Z", "finalizers": [],
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"a\": [1, 2]}\n", "helm": "release: x"},
    "managedFields": [{"manager": "m", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:image": {}, ".": {}}}}]},
    "status": {"conditions": [{"type": "Ready", "status": "False"}], "shards": 3}, "spec": )" +
         spec + "}";
}

TEST(ReadCluster, ReadsWhatTheServerGivesBack) {
  const auto read = read_cluster(object_of(with_spec(
      R"({"image": "localhost/valkey:8.0.1", "shards": 5, "replicasPerShard": 2, "resources": {"limits": {"memory": "1Gi"}},
          "config": {"maxmemory-policy": "allkeys-lru", "hz": 20}, "nodeSelector": {"a \"b\": ü\\": "c"}})")));
  EXPECT_EQ(to_text(read.errors), "");
  const auto& object = read.cluster.object;
  EXPECT_EQ(object.name, ClusterName("cache"));
  EXPECT_EQ(object.space, "shop");
  EXPECT_EQ(object.uid, "c-1");
  EXPECT_EQ(object.spec.shards, 5);
  EXPECT_EQ(object.spec.replicas_per_shard, 2);
  EXPECT_EQ(object.spec.memory_limit_bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(object.spec.config.at("hz"), "20");
  EXPECT_EQ(read.cluster.generation, 4);
  EXPECT_EQ(boost::json::serialize(read.cluster.spec.at("nodeSelector")), R"({"a \"b\": ü\\":"c"})");
}

TEST(ReadCluster, FieldsForKubernetesAreHonouredHere) {
  const auto read = read_cluster(object_of(with_spec(R"({"image": "v:8.0.1", "nodeSelector": {"a": "b"}, "tolerations": [{"key": "x"}],
      "resources": {"requests": {"cpu": "1"}}, "priorityClassName": "p", "usersSecret": {"name": "u"}, "tls": {"secretName": "t"}})")));
  EXPECT_THAT(read.cluster.object.spec.not_honoured, IsEmpty());
}

TEST(ReadCluster, NamesEveryMistakeWithItsFieldAndReason) {
  const auto read = read_cluster(object_of(with_spec(R"({"image": "v:8.0.1", "shards": 2, "config": {"port": "1"}, "shrads": 3})")));
  EXPECT_EQ(read.cluster.object.name, ClusterName("cache")) << "whose mistake it is, is known";
  EXPECT_EQ(read.cluster.object.uid, "c-1");
  const auto text = to_text(read.errors);
  EXPECT_THAT(text, HasSubstr("spec.shards: must be 1 or at least 3"));
  EXPECT_THAT(text, HasSubstr("spec.shrads: unknown field; did you mean shards?"));
}

TEST(ReadCluster, RefusesSettingsThatAreOurs) {
  const auto read = read_cluster(object_of(with_spec(R"({"image": "v:8.0.1", "config": {"appendonly": "yes"}})")));
  EXPECT_THAT(to_text(read.errors), HasSubstr("spec.config.appendonly: "));
}

TEST(ReadCluster, ToleratesAnything) {
  EXPECT_THAT(to_text(read_cluster(object_of("{}")).errors), HasSubstr("apiVersion: is missing"));
  EXPECT_FALSE(read_cluster(object_of(R"({"metadata": [], "spec": "x", "kind": 3})")).errors.empty());
}

}  // namespace
}  // namespace shardkeeper::test
