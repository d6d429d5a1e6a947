// The chart `shardkeeper`: what it renders, by the real helm.
#include "tests/chart/objects.h"
#include "tests/chart/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> keys_of(const Objects& objects) {
  std::vector<std::string> keys;
  for (const auto& [key, object] : objects) keys.push_back(key);
  return keys;
}

boost::json::value json_text(const char* text) { return boost::json::string(text); }
boost::json::value json(const char* text) { return boost::json::parse(text); }

TEST(ShardkeeperChart, PassesHelmsLint) {
  for (const char* chart : {"deploy/helm/shardkeeper", "deploy/helm/valkey-cluster"}) {
    const auto answer = helm({"lint", "--strict", chart});
    EXPECT_TRUE(answer.ok()) << answer.output;
  }
}

TEST(ShardkeeperChart, RendersWhatItSays) {
  EXPECT_THAT(keys_of(render_shardkeeper()),
              ElementsAre("ClusterRole//shardkeeper", "ClusterRole//shardkeeper-admin", "ClusterRole//shardkeeper-edit",
                          "ClusterRole//shardkeeper-view", "ClusterRoleBinding//shardkeeper",
                          "CustomResourceDefinition//valkeyclusters.shardkeeper.io", "Deployment/ns/shardkeeper",
                          "PodDisruptionBudget/ns/shardkeeper", "Role/ns/shardkeeper-leader", "RoleBinding/ns/shardkeeper-leader",
                          "Service/ns/shardkeeper-metrics", "ServiceAccount/ns/shardkeeper"));
}

TEST(ShardkeeperChart, RunsTwoRestrictedCoordinators) {
  const auto deployment = render_shardkeeper().at("Deployment/ns/shardkeeper");
  EXPECT_EQ(at(deployment, "/spec/replicas"), 2);
  const auto pod = at(deployment, "/spec/template/spec");
  EXPECT_EQ(at(pod, "/securityContext/runAsNonRoot"), true);
  EXPECT_EQ(at(pod, "/securityContext/seccompProfile/type"), "RuntimeDefault");
  const auto container = at(pod, "/containers/0");
  EXPECT_EQ(at(container, "/securityContext"),
            json(R"({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}})"));
  EXPECT_EQ(at(container, "/image"), "localhost/shardkeeper:0.1.0");
  EXPECT_THAT(at(container, "/args").as_array(), Contains(json_text("--helper-image=localhost/shardkeeper:0.1.0")))
      << "agents run the same image";
  EXPECT_FALSE(at(pod, "/affinity/podAntiAffinity").is_null());
}

TEST(ShardkeeperChart, KeepsTheCrdUnlessToldOtherwise) {
  const std::string crd = "CustomResourceDefinition//valkeyclusters.shardkeeper.io",
                    keep = "/metadata/annotations/helm.sh~1resource-policy";
  EXPECT_EQ(at(render_shardkeeper().at(crd), keep), "keep");
  EXPECT_TRUE(at(render_shardkeeper({"--set", "crds.keep=false"}).at(crd), keep).is_null());
  EXPECT_THAT(keys_of(render_shardkeeper({"--set", "crds.create=false"})), Not(Contains(crd)));
}

TEST(ShardkeeperChart, LeavesOutWhatOldServersRefuse) {
  const auto render = [](const char* version) { return render_shardkeeper({"--kube-version", version}); };
  const std::string rule = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/shards/x-kubernetes-validations/0/rule";
  const std::string crd = "CustomResourceDefinition//valkeyclusters.shardkeeper.io", budget = "PodDisruptionBudget/ns/shardkeeper";
  EXPECT_EQ(at(render("1.20.2").at(budget), "/apiVersion"), "policy/v1beta1");
  EXPECT_EQ(at(render("1.21.0").at(budget), "/apiVersion"), "policy/v1");
  EXPECT_TRUE(at(render("1.24.9").at(crd), rule).is_null());
  EXPECT_EQ(at(render("1.25.0").at(crd), rule), "self != 2");
  EXPECT_EQ(at(render("v1.36.0-gke.100").at(crd), rule), "self != 2");
  EXPECT_THAT(helm({"template", "x", "deploy/helm/shardkeeper", "--kube-version", "1.19.0"}).output, HasSubstr("kubeVersion"));
}

TEST(ShardkeeperChart, CanBeLimitedToNamespaces) {
  const auto all = render_shardkeeper();
  const auto some = render_shardkeeper({"--set", "watchNamespaces={a,b}"});
  EXPECT_EQ(at(some.at("ClusterRole//shardkeeper"), "/rules"),
            json(R"([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}])"));
  // The same rules, only elsewhere.
  boost::json::array rules = at(all.at("ClusterRole//shardkeeper"), "/rules").as_array();
  rules.erase(rules.begin());
  for (const char* role : {"Role/a/shardkeeper", "Role/b/shardkeeper"}) EXPECT_EQ(at(some.at(role), "/rules"), rules) << role;
  EXPECT_EQ(at(some.at("RoleBinding/b/shardkeeper"), "/subjects/0"),
            json(R"({"kind": "ServiceAccount", "name": "shardkeeper", "namespace": "ns"})"));
  const auto arguments = at(some.at("Deployment/ns/shardkeeper"), "/spec/template/spec/containers/0/args");
  EXPECT_THAT(arguments.as_array(), Contains(json_text("--watch-namespace=a")));
  EXPECT_THAT(arguments.as_array(), Contains(json_text("--watch-namespace=b")));
}

TEST(ShardkeeperChart, LeavesRightsToOthersWhenTold) {
  const auto objects = render_shardkeeper({"--set", "rbac.create=false,serviceAccount.create=false,serviceAccount.name=mine"});
  for (const auto& [key, object] : objects) {
    EXPECT_THAT(key, Not(HasSubstr("Role"))) << key;
    EXPECT_THAT(key, Not(HasSubstr("ServiceAccount"))) << key;
  }
  EXPECT_EQ(at(objects.at("Deployment/ns/shardkeeper"), "/spec/template/spec/serviceAccountName"), "mine");
}

// What a token in the wrong hands could do is bounded by these: no wildcards, nobody else's rights, no deletion of workers or namespaces.
TEST(ShardkeeperChart, AsksForNoMoreThanItNeeds) {
  for (const auto& [key, object] : render_shardkeeper()) {
    if (key.find("Role/") == std::string::npos) continue;
    const std::string text = boost::json::serialize(at(object, "/rules"));
    EXPECT_THAT(text, Not(HasSubstr("\"*\""))) << key;
    if (key == "ClusterRole//shardkeeper-admin" || key == "ClusterRole//shardkeeper-edit") continue;
    for (const char* word : {"deletecollection", "escalate", "impersonate", "bind", "pods/exec", "rbac", "namespaces"})
      EXPECT_THAT(text, Not(HasSubstr(std::string("\"") + word))) << key;
  }
}

TEST(ShardkeeperChart, MakesABudgetOnlyWhereOneCanGo) {
  EXPECT_THAT(keys_of(render_shardkeeper({"--set", "replicaCount=1"})), Not(Contains("PodDisruptionBudget/ns/shardkeeper")));
  EXPECT_THAT(keys_of(render_shardkeeper({"--set", "podDisruptionBudget.enabled=false"})),
              Not(Contains("PodDisruptionBudget/ns/shardkeeper")));
}

TEST(ShardkeeperChart, IsScrapedAndFencedWhenTold) {
  const auto objects = render_shardkeeper({"--set", "metrics.podMonitor.enabled=true,metrics.podMonitor.labels.release=prom", "--set",
                                           "networkPolicy.enabled=true,networkPolicy.apiServerPorts={16443}"});
  EXPECT_EQ(at(objects.at("PodMonitor/ns/shardkeeper"), "/metadata/labels/release"), "prom");
  EXPECT_EQ(at(objects.at("PodMonitor/ns/shardkeeper-agents"), "/spec/namespaceSelector/any"), true);
  const auto policy = objects.at("NetworkPolicy/ns/shardkeeper");
  EXPECT_EQ(at(policy, "/spec/ingress"), json(R"([{"ports": [{"port": 9782, "protocol": "TCP"}]}])"));
  EXPECT_EQ(at(policy, "/spec/egress/1/ports"), json(R"([{"port": 16443, "protocol": "TCP"}])"));
  EXPECT_THAT(keys_of(render_shardkeeper({"--set", "metrics.podMonitor.enabled=true,metrics.podMonitor.agents=false"})),
              Not(Contains("PodMonitor/ns/shardkeeper-agents")));
}

TEST(ShardkeeperChart, PassesOnHowPodsArePlaced) {
  const auto pod =
      at(render_shardkeeper({"--set", "nodeSelector.pool=system,priorityClassName=high,image.registry=r.example.com,image.tag=2.0.0",
                             "--set-json", R"(tolerations=[{"key": "system", "operator": "Exists"}])", "--set-json",
                             R"(imagePullSecrets=[{"name": "pull"}])", "--set-json", R"(affinity={"nodeAffinity": {}})", "--set",
                             "extraArgs={--log-level=debug}"})
             .at("Deployment/ns/shardkeeper"),
         "/spec/template/spec");
  EXPECT_EQ(at(pod, "/nodeSelector/pool"), "system");
  EXPECT_EQ(at(pod, "/priorityClassName"), "high");
  EXPECT_EQ(at(pod, "/tolerations/0/key"), "system");
  EXPECT_EQ(at(pod, "/imagePullSecrets/0/name"), "pull");
  EXPECT_EQ(at(pod, "/affinity"), json(R"({"nodeAffinity": {}})"));
  EXPECT_EQ(at(pod, "/containers/0/image"), "r.example.com/shardkeeper:2.0.0");
  EXPECT_THAT(at(pod, "/containers/0/args").as_array(), Contains(json_text("--log-level=debug")));
  EXPECT_THAT(at(pod, "/containers/0/args").as_array(), Contains(json_text("--helper-image=r.example.com/shardkeeper:2.0.0")));
}

TEST(ShardkeeperChart, IsNamedAfterItsRelease) {
  const auto objects = objects_of(helm_output({"template", "east", "deploy/helm/shardkeeper", "--namespace", "ns"}));
  EXPECT_TRUE(objects.contains("Deployment/ns/east-shardkeeper"));
  EXPECT_TRUE(render_shardkeeper({"--set", "fullnameOverride=keeper"}).contains("Deployment/ns/keeper"));
}

}  // namespace
}  // namespace shardkeeper::test
