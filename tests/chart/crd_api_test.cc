// What a real API server makes of ValkeyCluster objects.
#include "tests/chart/api_server.h"
#include "tests/chart/objects.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr const char* kCluster = R"(apiVersion: shardkeeper.io/v1alpha1
kind: ValkeyCluster
metadata: {name: NAME}
spec:
  image: localhost/valkey:8.0.1
)";

// `lines` are further lines of the spec.
std::string cluster(const std::string& name, const std::string& lines = "") {
  std::string yaml = kCluster;
  yaml.replace(yaml.find("NAME"), 4, name);
  return yaml + lines;
}

class CrdApi : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    api_server().kubectl_output({"apply", "-k", api_server().minor_version() >= 25 ? "deploy/crd" : "deploy/crd/without-rules"});
    api_server().kubectl_output({"wait", "--for", "condition=established", "--timeout=60s", "crd/valkeyclusters.shardkeeper.io"});
  }
  const ApiServer& server_ = api_server();
};

TEST_F(CrdApi, IsServedByItsShortName) {
  EXPECT_THAT(server_.kubectl_output({"api-resources", "--api-group=shardkeeper.io", "--no-headers"}),
              MatchesRegex("valkeyclusters +vkc +shardkeeper.io/v1alpha1 +true +ValkeyCluster *\n"));
  EXPECT_THAT(server_.kubectl_output({"api-resources", "--categories=all", "--no-headers"}), HasSubstr("vkc"));
  // The server publishes its schema some seconds after it serves the kind.
  const auto explained = [this] {
    const auto answer = server_.kubectl({"explain", "valkeycluster.spec.shardLossPolicy"});
    return answer.ok() && answer.output.find("What becomes of a shard") != std::string::npos;
  };
  EXPECT_TRUE(wait_until(explained, std::chrono::seconds(60)));
}

TEST_F(CrdApi, TakesTheSamples) {
  server_.kubectl_output({"create", "namespace", "shop"});
  for (const char* sample : {"minimal", "single-shard", "full"})
    server_.kubectl_output({"apply", "-f", std::string("deploy/samples/") + sample + ".yaml"});
  const auto full = server_.get({"vkc", "sessions", "--namespace", "shop"});
  EXPECT_EQ(at(full, "/spec/extraContainers/0/image"), "registry.example.com/log-shipper:1.4") << "not pruned";
  EXPECT_EQ(at(full, "/spec/extraVolumes/0/emptyDir"), boost::json::object());
  EXPECT_EQ(
      at(full, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/key"),
      "disk");
  EXPECT_EQ(at(full, "/spec/config/cluster-node-timeout"), 5000);
}

TEST_F(CrdApi, WritesDefaults) {
  ASSERT_TRUE(server_.apply(cluster("defaults", "  usersSecret: {name: u}\n")).ok());
  const auto spec = at(server_.get({"vkc", "defaults"}), "/spec");
  EXPECT_EQ(spec, boost::json::parse(R"({"image": "localhost/valkey:8.0.1", "shards": 3, "replicasPerShard": 1, "paused": false,
    "shardLossPolicy": "Recreate", "usersSecret": {"name": "u", "key": "users.acl"}})"));
}

struct BadSpec {
  const char* lines;
  const char* said;
};

TEST_F(CrdApi, RefusesWhatCannotBe) {
  for (const auto& [lines, said] : std::vector<BadSpec>{
           {"  shards: 2\n", "spec.shards"},
           {"  shards: 0\n", "spec.shards"},
           {"  shards: 1001\n", "spec.shards"},
           {"  shards: three\n", "spec.shards"},
           {"  replicasPerShard: 6\n", "spec.replicasPerShard"},
           {"  shardLossPolicy: Panic\n", "supported values: \"Recreate\", \"Wait\""},
           {"  resources: {limits: {memory: 1GB}}\n", "spec.resources.limits.memory"},
           {"  resources: {limits: {memory: -5}}\n", "spec.resources.limits.memory"},
           {"  hostNetwork: true\n", "spec.hostNetwork"},
           {"  service: {type: LoadBalancer}\n", "spec.service.type"},
           {"  tls: {}\n", "secretName"},
           {"  tls: {secretName: Not_A_Name}\n", "spec.tls.secretName"},
           {"  imagePullSecrets: [{name: a}, {name: a}]\n", "spec.imagePullSecrets[1]"},
           {"  topologySpreadConstraints: [{maxSkew: 1}]\n", "topologyKey"},
           {"  spread: {workers: Never}\n", "spec.spread.workers"},
           {"  config: {activedefrag: yes}\n", "spec.config.activedefrag"},
           {"  update: {maxParallelShards: 0}\n", "spec.update.maxParallelShards"},
           {"  replicas: 3\n", "replicas"},
       }) {
    const auto answer = server_.apply(cluster("bad", lines));
    EXPECT_FALSE(answer.ok()) << lines << " was taken";
    EXPECT_THAT(answer.output, HasSubstr(said)) << lines;
  }
  EXPECT_FALSE(server_.apply("apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: bad}\nspec: {shards: 3}\n").ok())
      << "no image";
  for (const std::string& name : {std::string("1cache"), std::string("a.b"), std::string(41, 'a')}) {
    const auto answer = server_.apply(cluster(name));
    EXPECT_FALSE(answer.ok()) << name;
    EXPECT_THAT(answer.output, HasSubstr("metadata.name")) << name;
  }
}

// From 1.25 on the reason is told in words, also for settings.
TEST_F(CrdApi, SaysWhyInWordsWhereTheServerCan) {
  const auto two = server_.apply(cluster("bad", "  shards: 2\n"));
  const auto ours = server_.apply(cluster("bad", "  config: {appendonly: \"yes\"}\n"), {"--dry-run=server"});
  if (server_.minor_version() >= 25) {
    EXPECT_THAT(two.output, HasSubstr("of two primaries neither can be outvoted when one is lost"));
    EXPECT_FALSE(ours.ok());
    EXPECT_THAT(ours.output, HasSubstr("nothing is persisted"));
  } else {
    EXPECT_THAT(two.output, HasSubstr("spec.shards"));
    EXPECT_TRUE(ours.ok()) << "left to the coordinator: " << ours.output;
  }
}

TEST_F(CrdApi, IsScaled) {
  ASSERT_TRUE(server_.apply(cluster("scaled")).ok());
  server_.kubectl_output({"scale", "vkc", "scaled", "--replicas=5"});
  EXPECT_EQ(at(server_.get({"vkc", "scaled"}), "/spec/shards"), 5);
  const auto refused = server_.kubectl({"scale", "vkc", "scaled", "--replicas=2"});
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(refused.output, HasSubstr("spec.shards"));
  EXPECT_EQ(at(server_.get({"vkc", "scaled"}), "/spec/shards"), 5);
}

constexpr const char* kStatus = R"({"status": {"observedGeneration": 1, "shards": 3, "readyShards": 3, "slots": 16384, "imbalance": "1.04",
  "selector": "shardkeeper.io/cluster=shown,shardkeeper.io/role=primary", "version": "8.0.1", "targetShards": 3,
  "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1, "lastTransitionTime": "2026-11-22T10:00:00Z", "reason": "Healthy",
                  "message": "3 shards serve 16384 slots"}],
  "operation": {"kind": "MovingSlots", "message": "m", "progress": "40%", "startedAt": "2026-11-22T10:00:00Z"},
  "shardSummary": [{"shard": 0, "primary": "shown-a", "worker": "w", "slots": 5461, "replicas": 1, "readyReplicas": 1}]}})";

TEST_F(CrdApi, ShowsItsStatus) {
  ASSERT_TRUE(server_.apply(cluster("shown")).ok());
  server_.kubectl_output({"patch", "vkc", "shown", "--subresource=status", "--type=merge", "--patch", kStatus});
  EXPECT_EQ(at(server_.get({"vkc", "shown"}), "/status"), boost::json::parse(kStatus).at("status")) << "nothing is dropped";
  EXPECT_THAT(server_.kubectl_output({"get", "vkc", "shown"}),
              MatchesRegex("NAME +READY +SHARDS +SLOTS +IMBALANCE +REASON +AGE\nshown +True +3 +16384 +1.04 +Healthy +[0-9]+s\n"));
  EXPECT_THAT(server_.kubectl_output({"get", "vkc", "shown", "-o", "wide"}), HasSubstr("8.0.1"));
  const auto scale = boost::json::parse(
      server_.kubectl_output({"get", "--raw", "/apis/shardkeeper.io/v1alpha1/namespaces/default/valkeyclusters/shown/scale"}));
  EXPECT_EQ(at(scale, "/status"),
            boost::json::parse(R"({"replicas": 3, "selector": "shardkeeper.io/cluster=shown,shardkeeper.io/role=primary"})"));
}

}  // namespace
}  // namespace shardkeeper::test
