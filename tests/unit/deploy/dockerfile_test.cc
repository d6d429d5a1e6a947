// An image cannot be built where tests run; what its Dockerfile says about this tree is checked instead.
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace shardkeeper::test {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

const std::filesystem::path kRoot{SK_SOURCE_DIR};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// One instruction a line: comments left out, continued lines joined.
std::vector<std::string> instructions() {
  std::string text = std::regex_replace(read_file(kRoot / "deploy/images/Dockerfile"), std::regex("(^|\n)#[^\n]*"), "$1");
  text = std::regex_replace(text, std::regex(R"(\\\n)"), " ");
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

std::set<std::string> packages_of_setup() {
  const std::string setup = read_file(kRoot / "tools/setup");
  const auto begin = setup.find("BUILD_PACKAGES=(") + std::string("BUILD_PACKAGES=(").size();
  const auto words = words_of(setup.substr(begin, setup.find(')', begin) - begin));
  return {words.begin(), words.end()};
}

TEST(Dockerfile, CopiesWhatIsThere) {
  int copied = 0;
  for (const auto& line : instructions()) {
    auto words = words_of(line);
    if (words[0] != "COPY" || words[1].starts_with("--from=")) continue;
    for (std::size_t i = 1; i + 1 < words.size(); ++i, ++copied) EXPECT_TRUE(std::filesystem::exists(kRoot / words[i])) << words[i];
  }
  EXPECT_GT(copied, 5);
}

// What a release needs: the folders that CMake adds when tests are off, and cmake/ with tools/.
TEST(Dockerfile, CopiesWhatTheBuildNeeds) {
  std::vector<std::string> copied;
  for (const auto& line : instructions())
    if (line.starts_with("COPY")) {
      const auto words = words_of(line);
      copied.insert(copied.end(), words.begin() + 1, words.end());
    }
  const std::string cmake = read_file(kRoot / "CMakeLists.txt");
  const std::string shipped = cmake.substr(0, cmake.find("if(SHARDKEEPER_TESTS)"));
  const std::regex added(R"(add_subdirectory\((\w+)\))");
  std::vector<std::string> needed{"cmake", "tools", "CMakeLists.txt", "CMakePresets.json"};
  for (std::sregex_iterator it(shipped.begin(), shipped.end(), added), end; it != end; ++it) needed.push_back((*it)[1]);
  EXPECT_GT(needed.size(), 7U);
  EXPECT_THAT(copied, IsSupersetOf(needed));
}

TEST(Dockerfile, InstallsWhatSetupInstalls) {
  const auto lines = instructions();
  const auto line = std::ranges::find_if(lines, [](const std::string& one) { return one.find("apt-get install") != std::string::npos; });
  ASSERT_NE(line, lines.end());
  const std::string list = line->substr(line->find("--no-install-recommends") + std::string("--no-install-recommends").size());
  const auto words = words_of(list.substr(0, list.find("&&")));
  std::set<std::string> installed(words.begin(), words.end());
  EXPECT_EQ(installed.erase("jq"), 1U) << "tools/images needs it";
  EXPECT_EQ(installed, packages_of_setup());
}

TEST(Dockerfile, RunsToolsThatAreThere) {
  const std::regex tool(R"((tools/[a-z-]+))");
  int found = 0;
  for (const auto& line : instructions())
    if (line.starts_with("RUN")) {
      for (std::sregex_iterator it(line.begin(), line.end(), tool), end; it != end; ++it, ++found) {
        const auto permissions = std::filesystem::status(kRoot / std::string((*it)[1])).permissions();
        EXPECT_NE(permissions & std::filesystem::perms::owner_exec, std::filesystem::perms::none) << (*it)[1];
      }
    }
  EXPECT_EQ(found, 2);
}

TEST(Dockerfile, ShipsNothingButTheProgramsAndNoRoot) {
  const auto lines = instructions();
  const auto last_stage = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) { return line.starts_with("FROM"); });
  ASSERT_NE(last_stage, lines.rend());
  EXPECT_EQ(*last_stage, "FROM scratch");
  const std::vector<std::string> stage(last_stage.base(), lines.end());
  EXPECT_THAT(stage, Contains("USER 65532:65532"));
  EXPECT_THAT(stage, Contains(R"(ENTRYPOINT ["/usr/local/bin/shardkeeper-coordinator"])"));
  EXPECT_THAT(stage, Not(Contains(StartsWith("RUN"))));
}

}  // namespace
}  // namespace shardkeeper::test
