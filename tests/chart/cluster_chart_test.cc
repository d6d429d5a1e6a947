// The chart `valkey-cluster` renders one object, and the manifest's own reader judges it.
#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/schema.h"
#include "tests/chart/objects.h"
#include "tests/chart/programs.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>

namespace shardkeeper::test {
namespace {

std::string render(std::vector<std::string> arguments = {}) {
  std::vector<std::string> all{"template", "cache", "deploy/helm/valkey-cluster", "--namespace", "shop"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return helm_output(std::move(all));
}

model::ClusterObject cluster_of(const std::string& yaml) {
  const auto manifests = manifest::parse_manifests("chart", yaml);
  for (const auto& error : manifests.errors) ADD_FAILURE() << to_string(error) << "\n" << yaml;
  if (manifests.clusters.size() != 1) throw std::runtime_error("not one cluster:\n" + yaml);
  return manifests.clusters[0].object;
}

TEST(ClusterChart, RendersAGoodCluster) {
  const auto cluster = cluster_of(render());
  EXPECT_EQ(cluster.name.value, "cache");
  EXPECT_EQ(cluster.space, "shop");
  EXPECT_EQ(cluster.spec.shards, 3);
  EXPECT_EQ(cluster.spec.replicas_per_shard, 1);
  EXPECT_EQ(cluster.spec.memory_limit_bytes, std::uint64_t{1} << 30);
}

TEST(ClusterChart, LeavesShardsToTheAutoscaler) {
  const auto objects = objects_of(render({"--set", "autoscaling.enabled=true,shards=7"}));
  EXPECT_TRUE(at(objects.at("ValkeyCluster/shop/cache"), "/spec/shards").is_null());
  EXPECT_EQ(at(objects_of(render({"--set", "shards=7"})).at("ValkeyCluster/shop/cache"), "/spec/shards"), 7);
}

TEST(ClusterChart, PassesEverythingOn) {
  const auto object =
      objects_of(render({"--set", "name=sessions,users.secretName=u,users.key=k,tls.secretName=007,spec.paused=true", "--set",
                         "config.maxmemory-policy=allkeys-lru,labels.team=checkout,spec.priorityClassName=high", "--set-json",
                         R"(spec.extraVolumes=[{"name": "scratch", "emptyDir": {}}])", "--set", "spec.migration.engine=Keys"}))
          .at("ValkeyCluster/shop/sessions");
  EXPECT_EQ(at(object, "/spec/usersSecret"), boost::json::parse(R"({"name": "u", "key": "k"})"));
  EXPECT_EQ(at(object, "/spec/tls/secretName"), "007");
  EXPECT_EQ(at(object, "/spec/paused"), true);
  EXPECT_EQ(at(object, "/spec/config/maxmemory-policy"), "allkeys-lru");
  EXPECT_EQ(at(object, "/spec/priorityClassName"), "high");
  EXPECT_EQ(at(object, "/spec/extraVolumes/0/name"), "scratch");
  EXPECT_EQ(at(object, "/spec/migration/engine"), "Keys");
  EXPECT_EQ(at(object, "/metadata/labels/team"), "checkout");
}

TEST(ClusterChart, AsksCertManagerForTheServersCertificate) {
  const auto objects = objects_of(render({"--set", "tls.certManager.issuerRef.name=ca,tls.certManager.issuerRef.kind=Issuer", "--set",
                                          "tls.clientCertificates=None,tls.certManager.duration=2160h"}));
  const auto& certificate = objects.at("Certificate/shop/cache-tls");
  EXPECT_EQ(at(certificate, "/spec/issuerRef"), boost::json::parse(R"({"name": "ca", "kind": "Issuer"})"));
  EXPECT_EQ(at(certificate, "/spec/duration"), "2160h");
  EXPECT_EQ(at(certificate, "/spec/dnsNames/2"), "cache.shop.svc");
  const auto& cluster = objects.at("ValkeyCluster/shop/cache");
  EXPECT_EQ(at(cluster, "/spec/tls"), boost::json::parse(R"({"secretName": "cache-tls", "clientCertificates": "None"})"));
  EXPECT_EQ(at(certificate, "/spec/secretName"), at(cluster, "/spec/tls/secretName"));
  EXPECT_EQ(objects_of(render()).size(), 1U) << "without an issuer there is nothing of it";
}

TEST(ClusterChart, AsksCertManagerForAnAuthorityOfTheAgents) {
  const auto objects = objects_of(render({"--set", "agentTls.certManager.enabled=true,agentTls.certManager.duration=8760h"}));
  const auto& certificate = objects.at("Certificate/shop/cache-agents");
  EXPECT_EQ(at(certificate, "/spec/isCA"), true);
  EXPECT_EQ(at(certificate, "/spec/duration"), "8760h");
  EXPECT_EQ(at(certificate, "/spec/secretTemplate/labels"), boost::json::parse(R"({"shardkeeper.io/certificate-authority": "true"})"));
  EXPECT_EQ(at(certificate, "/spec/issuerRef/name"), at(objects.at("Issuer/shop/cache-agents"), "/metadata/name"));
  const auto& cluster = objects.at("ValkeyCluster/shop/cache");
  EXPECT_EQ(at(cluster, "/spec/agentTls/authoritySecretName"), at(certificate, "/spec/secretName"));
  const auto named = objects_of(render({"--set", "agentTls.authoritySecretName=mine"}));
  EXPECT_EQ(named.size(), 1U);
  EXPECT_EQ(at(named.at("ValkeyCluster/shop/cache"), "/spec/agentTls"), boost::json::parse(R"({"authoritySecretName": "mine"})"));
}

// A field that is added to the manifest can be set by the chart: as a value of its own, or in `spec`.
TEST(ClusterChart, KnowsEveryFieldOfASpec) {
  const auto schema = boost::json::parse(read_file(std::filesystem::path(SK_SOURCE_DIR) / "deploy/helm/valkey-cluster/values.schema.json"));
  std::vector<std::string> known{"image", "shards", "replicasPerShard", "resources", "config", "spread", "usersSecret", "tls", "agentTls"};
  const auto passed_on = at(schema, "/properties/spec/properties");
  for (const auto& [name, value] : passed_on.as_object()) known.emplace_back(name);
  std::vector<std::string> wanted;
  for (const auto& top : manifest::manifest_schema().fields)
    if (top.name == "spec")
      for (const auto& field : top.fields)
        if (field.type != manifest::Type::kRefused) wanted.push_back(field.name);
  EXPECT_THAT(known, testing::UnorderedElementsAreArray(wanted));
}

}  // namespace
}  // namespace shardkeeper::test
