// One version, in CMakeLists.txt; whatever else names it says the same.
#include "tests/support/temp_dir.h"
#include "tests/support/yaml_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>
#include <string>

namespace shardkeeper::test {
namespace {

std::string text_of(const char* path) { return read_file(std::filesystem::path(SK_SOURCE_DIR) / path); }

TEST(Versions, OfTheCharts) {
  for (const char* path : {"deploy/helm/shardkeeper/Chart.yaml", "deploy/helm/valkey-cluster/Chart.yaml"})
    EXPECT_EQ(yaml_documents(text_of(path)).at(0).at("version"), SK_VERSION) << path;
  EXPECT_EQ(yaml_documents(text_of("deploy/helm/shardkeeper/Chart.yaml")).at(0).at("appVersion"), SK_VERSION);
}

TEST(Versions, OfTheManifests) {
  const auto deployment = yaml_documents(text_of("deploy/manifests/base/deployment.yaml")).at(0);
  const auto& container = deployment.at_pointer("/spec/template/spec/containers/0");
  const boost::json::string image("localhost/shardkeeper:" SK_VERSION);
  EXPECT_EQ(container.at("image"), image);
  EXPECT_THAT(container.at("args").as_array(), testing::Contains(boost::json::string("--helper-image=localhost/shardkeeper:" SK_VERSION)));
}

TEST(Versions, OfTheInstructions) { EXPECT_THAT(text_of("docs/install.md"), testing::HasSubstr(std::string("shardkeeper:") + SK_VERSION)); }

}  // namespace
}  // namespace shardkeeper::test
