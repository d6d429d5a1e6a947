// Good manifests: what is read, what is left at its default, what only Kubernetes can honour.
#include "coordinator/manifest/manifest.h"
#include "coordinator/model/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::manifest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kHead = "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: cache}\n";

model::ClusterObject only_object(const std::string& text) {
  const Manifests manifests = parse_manifests("c.yaml", text);
  for (const auto& error : manifests.errors) ADD_FAILURE() << to_string(error);
  return manifests.clusters.empty() ? model::ClusterObject{} : manifests.clusters[0].object;
}

TEST(Manifest, DefaultsAreThoseOfTheModel) {
  model::ClusterObject expected;
  expected.name = ClusterName("cache");
  expected.spec.image = "valkey:8.0.1";
  EXPECT_EQ(only_object(kHead + "spec: {image: \"valkey:8.0.1\"}\n"), expected);
}

TEST(Manifest, ReadsEveryFieldOfTheModel) {
  const auto spec = only_object(kHead + R"(spec:
  image: localhost/valkey:9.1.0
  shards: 5
  replicasPerShard: 2
  config: {maxmemory-policy: allkeys-lru, Cluster-Node-Timeout: 15000, min-replicas-to-write: "1", hz: 100}
  resources: {limits: {memory: 1Gi}}
  spread: {workers: Required, zones: Required}
  shardLossPolicy: Wait
  update: {maxParallelShards: 4}
  migration: {engine: Keys, maxBytesPerSecond: 10Mi, maxParallelJobs: 3}
  paused: true
)")
                        .spec;
  EXPECT_EQ(spec.image, "localhost/valkey:9.1.0");
  EXPECT_EQ(spec.shards, 5);
  EXPECT_EQ(spec.replicas_per_shard, 2);
  EXPECT_THAT(spec.config, ElementsAre(std::pair("hz", "100"), std::pair("maxmemory-policy", "allkeys-lru")));
  EXPECT_EQ(spec.node_timeout, std::chrono::seconds(15));
  EXPECT_EQ(spec.min_replicas_to_write, 1);
  EXPECT_EQ(spec.memory_limit_bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(spec.worker_spread, model::SpreadMode::kRequired);
  EXPECT_EQ(spec.zone_spread, model::SpreadMode::kRequired);
  EXPECT_EQ(spec.shard_loss_policy, model::ShardLossPolicy::kWait);
  EXPECT_EQ(spec.update.max_parallel_shards, 4);
  EXPECT_EQ(spec.migration.engine, model::MigrationEngine::kKeys);
  EXPECT_EQ(spec.migration.max_bytes_per_second, std::uint64_t{10} << 20);
  EXPECT_EQ(spec.migration.max_parallel_jobs, 3);
  EXPECT_TRUE(spec.paused);
  EXPECT_THAT(spec.not_honoured, IsEmpty());
}

TEST(Manifest, MaxmemoryIsAShareOfTheLimit) {
  const auto limited = only_object(kHead + "spec: {image: v, resources: {limits: {memory: 100M}}}\n").spec;
  EXPECT_EQ(model::maxmemory_bytes(limited), 70'000'000U);
  EXPECT_EQ(model::maxmemory_bytes(only_object(kHead + "spec: {image: v}\n").spec), std::nullopt);
}

TEST(Manifest, NamesWhatOnlyKubernetesHonours) {
  const auto spec = only_object(kHead + R"(spec:
  image: v
  nodeSelector: {disk: fast}
  resources: {limits: {memory: 1Gi, cpu: 2}, requests: {cpu: 100m}}
  tls: {secretName: a}
)")
                        .spec;
  EXPECT_THAT(spec.not_honoured, ElementsAre("spec.nodeSelector", "spec.resources.limits.cpu", "spec.resources.requests",
                                             "spec.resources.requests.cpu", "spec.tls"));
}

TEST(Manifest, EmptyMapsAndListsAreNothing) {
  EXPECT_THAT(only_object(kHead + "spec:\n  image: v\n  config:\n  tolerations:\n  resources:\n  nodeSelector:\n").spec.config, IsEmpty());
}

TEST(Manifest, OutputOfKubectlGetCanBeReadBack) {
  only_object(R"(apiVersion: shardkeeper.io/v1alpha1
kind: ValkeyCluster
metadata:
  creationTimestamp: "2026-01-01T00:00:00Z"
  generation: 3
  managedFields: [{manager: kubectl}]
  name: cache
  namespace: default
  resourceVersion: "17"
  uid: 0b3f
spec: {image: v}
status: {conditions: [{type: Ready}]}
)");
}

TEST(Manifest, SeveralDocumentsGiveSeveralClusters) {
  const auto manifests = parse_manifests("c.yaml", kHead +
                                                       "spec: {image: v}\n---\napiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\n"
                                                       "metadata: {name: other, namespace: shop}\nspec: {image: v}\n");
  ASSERT_THAT(manifests.clusters, SizeIs(2));
  EXPECT_EQ(manifests.clusters[1].object.space, "shop");
  EXPECT_EQ(manifests.clusters[1].line, 6);
}

TEST(Manifest, ABadDocumentDoesNotSpoilTheOthers) {
  const auto manifests = parse_manifests("c.yaml", "kind: Pod\n---\n" + kHead + "spec: {image: v}\n");
  EXPECT_THAT(manifests.clusters, SizeIs(1));
  EXPECT_FALSE(manifests.errors.empty());
}

TEST(Merge, NamesMustDifferAcrossFiles) {
  const auto merged =
      merge({parse_manifests("a.yaml", kHead + "spec: {image: v}\n"), parse_manifests("b.yaml", "\n" + kHead + "spec: {image: w}\n")});
  ASSERT_THAT(merged.clusters, SizeIs(1));
  EXPECT_EQ(merged.clusters[0].object.spec.image, "v");
  ASSERT_THAT(merged.errors, SizeIs(1));
  EXPECT_EQ(to_string(merged.errors[0]),
            "b.yaml:2: metadata.name: \"cache\" is already the name of the cluster in a.yaml:1; names must differ, across namespaces too");
}

TEST(AllowedChange, TheBasicsMayChangeTheIdentityMayNot) {
  model::ClusterObject running;
  running.name = ClusterName("cache");
  running.uid = "u1";
  model::ClusterObject wanted = running;
  wanted.spec.shards = 9;
  wanted.spec.replicas_per_shard = 0;
  wanted.spec.image = "other:9.1";
  wanted.uid = "";  // a file does not know it
  EXPECT_THAT(allowed_change(running, wanted), IsEmpty());

  wanted.space = "shop";
  ASSERT_THAT(allowed_change(running, wanted), SizeIs(1));
  EXPECT_EQ(allowed_change(running, wanted)[0].field, "metadata.namespace");
  wanted.uid = "u2";
  wanted.name = ClusterName("other");
  EXPECT_THAT(allowed_change(running, wanted), SizeIs(3));
}

}  // namespace
}  // namespace shardkeeper::manifest
