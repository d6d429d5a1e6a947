// Plain manifests and the chart install the same: CRD, rights and everything else exist once, and this keeps the copies equal.
#include "tests/chart/objects.h"
#include "tests/chart/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

// What only Helm writes, and what a release must change in one place only.
void forget_marks(boost::json::value& object) {
  auto& metadata = object.at("metadata").as_object();
  if (auto* labels = metadata.if_contains("labels"))
    for (const char* mark : {"helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"}) labels->as_object().erase(mark);
  if (object.at("kind") == "CustomResourceDefinition") {
    metadata.erase("labels");
    metadata.erase("annotations");
  }
}

Objects by_chart(const char* kube_version) {
  auto objects = objects_of(helm_output({"template", "shardkeeper", "deploy/helm/shardkeeper", "--namespace", "shardkeeper-system", "--set",
                                         "networkPolicy.enabled=true", "--kube-version", kube_version}));
  for (auto& [key, object] : objects) forget_marks(object);
  return objects;
}

Objects by_manifests(const char* folder) {
  auto objects = objects_of(kubectl_output({"kustomize", folder}));
  EXPECT_EQ(objects.erase("Namespace//shardkeeper-system"), 1U) << "Helm makes it by --create-namespace";
  for (auto& [key, object] : objects) forget_marks(object);
  return objects;
}

void expect_equal(const Objects& chart, const Objects& manifests) {
  for (const auto& [key, object] : chart) EXPECT_TRUE(manifests.contains(key)) << key << " is in the chart only";
  for (const auto& [key, object] : manifests) {
    const auto found = chart.find(key);
    EXPECT_TRUE(found != chart.end()) << key << " is in the manifests only";
    if (found != chart.end()) { EXPECT_EQ(found->second, object) << key; }
  }
}

TEST(Agreement, OfChartAndManifests) { expect_equal(by_chart("1.35.0"), by_manifests("deploy/manifests")); }

TEST(Agreement, OfChartAndManifestsForOldServers) {
  auto manifests = by_manifests("deploy/manifests/kubernetes-1.20");
  expect_equal(by_chart("1.20.2"), manifests);
}

}  // namespace
}  // namespace shardkeeper::test
