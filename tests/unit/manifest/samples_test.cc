// The samples that we ship are good, and the page for users knows every field.
#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace shardkeeper::manifest {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Samples, AreGood) {
  int count = 0;
  for (const auto& sample : std::filesystem::directory_iterator(std::filesystem::path(SK_SOURCE_DIR) / "deploy/samples")) {
    const auto manifests = parse_manifests(sample.path().filename(), text_of(sample.path()));
    for (const auto& error : manifests.errors) ADD_FAILURE() << to_string(error);
    EXPECT_EQ(manifests.clusters.size(), 1U) << sample.path();
    ++count;
  }
  EXPECT_GE(count, 3);
}

// Paths as the page writes them: "spec.tolerations[].key".
void expect_documented(const Field& field, const std::string& path, const std::string& page) {
  if (field.type == Type::kIgnored || field.name == "*") return;
  if (!path.empty()) {
    EXPECT_NE(page.find("`" + path + "`"), std::string::npos) << "docs/manifest.md does not tell about `" << path << "`";
  }
  for (const Field& part : field.fields)
    expect_documented(part, path.empty() ? part.name : path + (field.shape == Shape::kList ? "[]." : ".") + part.name, page);
}

TEST(Samples, ThePageForUsersKnowsEveryField) {
  expect_documented(manifest_schema(), "", text_of(std::filesystem::path(SK_SOURCE_DIR) / "docs/manifest.md"));
}

TEST(Samples, TheFullSampleUsesEveryField) {
  const std::string sample = text_of(std::filesystem::path(SK_SOURCE_DIR) / "deploy/samples/full.yaml");
  for (const Field& top : manifest_schema().fields)
    if (top.name == "spec")
      for (const Field& field : top.fields)
        if (field.type != Type::kRefused) { EXPECT_NE(sample.find("\n  " + field.name + ":"), std::string::npos) << field.name; }
}

}  // namespace
}  // namespace shardkeeper::manifest
