// Every script in tests/golden/plan tells what the planner says today. SHARDKEEPER_REWRITE_GOLDEN=1 rewrites them: review the diff.
#include "tests/golden/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace shardkeeper::test {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(SK_SOURCE_DIR) / "tests/golden/plan";

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class GoldenScript : public testing::TestWithParam<std::string> {};

TEST_P(GoldenScript, TellsWhatThePlannerSays) {
  const auto path = kFolder / (GetParam() + ".txt");
  std::ifstream file(path);
  std::stringstream written;
  written << file.rdbuf();
  const auto told = retold(written.str());
  ASSERT_TRUE(told) << path << ": " << to_string(told.error());
  if (std::getenv("SHARDKEEPER_REWRITE_GOLDEN") != nullptr)
    std::ofstream(path) << *told;
  else
    EXPECT_EQ(*told, written.str()) << "rewrite with SHARDKEEPER_REWRITE_GOLDEN=1 and review the diff";
}

INSTANTIATE_TEST_SUITE_P(Plan, GoldenScript, testing::ValuesIn(scripts()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace shardkeeper::test
