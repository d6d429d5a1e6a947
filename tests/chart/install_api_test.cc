// Installing and uninstalling on a real API server, by Helm and by kubectl. Nothing runs there: what counts is what the API server takes, and
// what the coordinator may do.
#include "tests/chart/api_server.h"
#include "tests/chart/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <regex>
#include <string>

namespace shardkeeper::test {
namespace {

using testing::HasSubstr;

constexpr const char* kAccount = "system:serviceaccount:shardkeeper-system:shardkeeper";

// What an account may do in a namespace, as the API server itself lists it: resource → verbs. What everybody may ask about himself is left out.
std::map<std::string, std::string> rights_in(const ApiServer& server, const std::string& space) {
  const std::string table = server.kubectl_output({"auth", "can-i", "--list", "--no-headers", "--namespace", space, "--as", kAccount});
  const std::regex row(R"((?:^|\n)(\S+) +\[\] +\[\] +\[([a-z ]*)\])");
  std::map<std::string, std::string> rights;
  for (std::sregex_iterator it(table.begin(), table.end(), row), end; it != end; ++it)
    if (!(*it)[1].str().starts_with("selfsubject")) rights[(*it)[1]] = (*it)[2];
  return rights;
}

void expect_rights(const ApiServer& server) {
  const std::string owned = "get list watch create patch delete";
  std::map<std::string, std::string> wanted{{"nodes", "get list watch"},
                                            {"valkeyclusters.shardkeeper.io", "get list watch"},
                                            {"valkeyclusters.shardkeeper.io/status", "get patch update"},
                                            {"valkeyclusters.shardkeeper.io/finalizers", "update"},
                                            {"pods", owned},
                                            {"pods/status", "get patch"},
                                            {"pods/eviction", "create"},
                                            {"services", owned},
                                            {"secrets", owned},
                                            {"poddisruptionbudgets.policy", owned},
                                            {"networkpolicies.networking.k8s.io", owned},
                                            {"events.events.k8s.io", "create patch"}};
  EXPECT_EQ(rights_in(server, "shop"), wanted);
  wanted["leases.coordination.k8s.io"] = "get list watch create update patch";
  EXPECT_EQ(rights_in(server, "shardkeeper-system"), wanted);
}

TEST(InstallApi, ByHelmUpgradedAndUninstalled) {
  const auto& server = api_server();
  const auto installed = server.helm({"install", "shardkeeper", "deploy/helm/shardkeeper", "--namespace", "shardkeeper-system",
                                      "--create-namespace", "--set", "networkPolicy.enabled=true"});
  ASSERT_TRUE(installed.ok()) << installed.output;
  EXPECT_THAT(installed.output, HasSubstr("kubectl get valkeyclusters --watch"));
  EXPECT_THAT(installed.output, HasSubstr("is in no registry"));
  expect_rights(server);

  const auto cluster = server.helm({"install", "cache", "deploy/helm/valkey-cluster"});
  ASSERT_TRUE(cluster.ok()) << cluster.output;
  EXPECT_THAT(cluster.output, HasSubstr("cache.default.svc:6379"));

  const auto upgraded =
      server.helm({"upgrade", "shardkeeper", "deploy/helm/shardkeeper", "--namespace", "shardkeeper-system", "--set", "replicaCount=3"});
  ASSERT_TRUE(upgraded.ok()) << upgraded.output;
  EXPECT_EQ(at(server.get({"deployment", "shardkeeper", "--namespace", "shardkeeper-system"}), "/spec/replicas"), 3);

  const auto uninstalled = server.helm({"uninstall", "shardkeeper", "--namespace", "shardkeeper-system"});
  ASSERT_TRUE(uninstalled.ok()) << uninstalled.output;
  EXPECT_TRUE(server.kubectl({"get", "vkc", "cache"}).ok()) << "clusters outlive the release";
  EXPECT_FALSE(server.kubectl({"get", "deployment", "shardkeeper", "--namespace", "shardkeeper-system"}).ok());
  EXPECT_FALSE(server.kubectl({"get", "clusterrole", "shardkeeper"}).ok());
}

// The number of shards that an autoscaler chose survives an upgrade of the release that leaves it out.
TEST(InstallApi, AnUpgradeLeavesShardsToTheAutoscaler) {
  const auto& server = api_server();
  server.kubectl_output({"apply", "--server-side", "--force-conflicts", "-k", server.manifests()});
  server.kubectl_output({"wait", "--for", "condition=established", "--timeout=60s", "crd/valkeyclusters.shardkeeper.io"});
  const auto installed = server.helm({"install", "auto", "deploy/helm/valkey-cluster", "--set", "autoscaling.enabled=true"});
  ASSERT_TRUE(installed.ok()) << installed.output;
  server.kubectl_output({"scale", "vkc", "auto", "--replicas=5"});
  const auto upgraded = server.helm(
      {"upgrade", "auto", "deploy/helm/valkey-cluster", "--set", "autoscaling.enabled=true,config.maxmemory-policy=allkeys-lru"});
  ASSERT_TRUE(upgraded.ok()) << upgraded.output;
  const auto object = server.get({"vkc", "auto"});
  EXPECT_EQ(at(object, "/spec/shards"), 5);
  EXPECT_EQ(at(object, "/spec/config/maxmemory-policy"), "allkeys-lru");
}

TEST(InstallApi, ByManifests) {
  const auto& server = api_server();
  server.kubectl_output({"apply", "--server-side", "--force-conflicts", "-k", server.manifests()});
  expect_rights(server);
  // Again, as an upgrade does, and without server-side apply.
  server.kubectl_output({"apply", "-k", server.manifests()});
}

// Who may edit a namespace may edit its clusters: the built-in roles learn of them. Controllers aggregate, and none runs here, so only the
// labels that they go by are seen.
TEST(InstallApi, RolesAreMarkedForAggregation) {
  const auto& server = api_server();
  server.kubectl_output({"apply", "--server-side", "--force-conflicts", "-k", server.manifests()});
  for (const std::string role : {"admin", "edit", "view"})
    EXPECT_EQ(at(server.get({"clusterrole", "shardkeeper-" + role}), "/metadata/labels/rbac.authorization.k8s.io~1aggregate-to-" + role),
              "true");
}

}  // namespace
}  // namespace shardkeeper::test
