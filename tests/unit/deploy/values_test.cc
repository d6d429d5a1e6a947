// The READMEs of the charts list every value with its default, and no other.
#include "tests/support/temp_dir.h"
#include "tests/support/yaml_json.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace shardkeeper::test {
namespace {

const std::filesystem::path kCharts = std::filesystem::path(SK_SOURCE_DIR) / "deploy/helm";

// Values that the table sends readers to values.yaml for.
const std::set<std::string> kLong{"resources", "podSecurityContext", "securityContext"};

void collect(const boost::json::value& value, const std::string& path, std::map<std::string, std::string>& defaults) {
  const auto* fields = value.if_object();
  if (kLong.contains(path)) {
    defaults[path] = "see values.yaml";
  } else if (fields != nullptr && !fields->empty()) {
    for (const auto& [name, inner] : *fields) collect(inner, path.empty() ? std::string(name) : path + "." + std::string(name), defaults);
  } else {
    defaults[path] = "`" + boost::json::serialize(value) + "`";
  }
}

std::map<std::string, std::string> in_values(const std::string& chart) {
  std::map<std::string, std::string> defaults;
  collect(yaml_documents(read_file(kCharts / chart / "values.yaml")).at(0), "", defaults);
  return defaults;
}

// `[443, 6443]` and `[443,6443]` are the same.
std::string without_spaces(const std::string& text) {
  return text == "see values.yaml" ? text : std::regex_replace(text, std::regex(" "), "");
}

std::map<std::string, std::string> in_readme(const std::string& chart) {
  const std::string page = read_file(kCharts / chart / "README.md");
  const std::regex row(R"(\n\| `([A-Za-z.]+)` \| ([^|]*) \| [^|]+ \|)");
  std::map<std::string, std::string> defaults;
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) defaults[(*it)[1]] = without_spaces((*it)[2]);
  return defaults;
}

TEST(Values, AreInTheReadmeOfTheirChart) {
  for (const char* chart : {"shardkeeper", "valkey-cluster"}) {
    EXPECT_EQ(in_readme(chart), in_values(chart)) << chart;
    EXPECT_GT(in_values(chart).size(), 10U);
  }
}

}  // namespace
}  // namespace shardkeeper::test
