// The files in deploy/ and docs/ are what the tables say, and the CRD as a whole is one that users expect.
#include "coordinator/crd/crd.h"
#include "coordinator/crd/rendered_files.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>

namespace shardkeeper::crd {
namespace {

namespace json = boost::json;

json::value crd(const char* pointer, CelRules cel = CelRules::kWith) {
  return json::value(custom_resource_definition(cel)).at_pointer(pointer);
}

constexpr const char* kSpec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

TEST(RenderedFiles, AreWhatTheTablesSay) {
  for (const auto& [path, text] : rendered_files())
    EXPECT_EQ(test::read_file(std::filesystem::path(SK_SOURCE_DIR) / path), text) << path << " is not up to date: run render-crd .";
}

TEST(Crd, HasTheNamesThatUsersType) {
  EXPECT_EQ(crd("/metadata/name"), "valkeyclusters.shardkeeper.io");
  EXPECT_EQ(crd("/spec/names"), json::parse(R"({"kind": "ValkeyCluster", "listKind": "ValkeyClusterList", "plural": "valkeyclusters",
    "singular": "valkeycluster", "shortNames": ["vkc"], "categories": ["all"]})"));
  EXPECT_EQ(crd("/spec/versions/0/name"), "v1alpha1");
}

TEST(Crd, ShowsTheTruthInColumns) {
  std::vector<std::string> names;
  const json::value columns = crd("/spec/versions/0/additionalPrinterColumns");
  for (const auto& column : columns.as_array())
    names.push_back(std::string(column.at("name").as_string()) + (column.as_object().contains("priority") ? " (wide)" : ""));
  EXPECT_THAT(names, testing::ElementsAre("Ready", "Shards", "Slots", "Imbalance", "Reason", "Version (wide)", "Age"));
}

TEST(Crd, CanBeScaled) {
  EXPECT_EQ(crd("/spec/versions/0/subresources"), json::parse(R"({"status": {}, "scale": {"specReplicasPath": ".spec.shards",
    "statusReplicasPath": ".status.shards", "labelSelectorPath": ".status.selector"}})"));
  // Without a default, `kubectl scale` fails on objects that leave the number out.
  EXPECT_EQ(crd((std::string(kSpec) + "/properties/shards/default").c_str()), 3);
}

TEST(Crd, RefusesTwoShardsWithAndWithoutRules) {
  const std::string shards = std::string(kSpec) + "/properties/shards";
  EXPECT_EQ(crd((shards + "/not").c_str(), CelRules::kWithout), json::parse(R"({"enum": [2]})"));
  const auto rules = crd((shards + "/x-kubernetes-validations").c_str());
  EXPECT_EQ(rules.at_pointer("/0/rule"), "self != 2");
  EXPECT_THAT(std::string(rules.at_pointer("/0/message").as_string()), testing::HasSubstr("neither can be outvoted"));
}

TEST(Crd, WithoutRulesHasNone) {
  EXPECT_THAT(crd_file(CelRules::kWith), testing::HasSubstr("x-kubernetes-validations"));
  EXPECT_THAT(crd_file(CelRules::kWithout), testing::Not(testing::HasSubstr("x-kubernetes-validations")));
}

TEST(Crd, SaysAtOnceWhichSettingsAreOurs) {
  const auto rules = crd((std::string(kSpec) + "/properties/config/x-kubernetes-validations").c_str());
  bool found = false;
  for (const auto& rule : rules.as_array())
    if (rule.at("rule").as_string().find("'appendonly' in self") != json::string::npos) {
      found = true;
      EXPECT_EQ(rule.at("message"), "save, appendonly: nothing is persisted: a restarted server starts empty and is filled by its shard");
    }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace shardkeeper::crd
