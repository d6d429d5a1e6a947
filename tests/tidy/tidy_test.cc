#include "tests/tidy/rules.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

namespace shardkeeper::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// This folder and its rules spell the banned tokens out.
std::vector<SourceFile> all_but_the_rules() {
  auto files = read_source_tree();
  files.erase(std::remove_if(files.begin(), files.end(), [](const SourceFile& file) { return file.path.rfind("tests/tidy/", 0) == 0; }),
              files.end());
  return files;
}

TEST(WithoutComments, BlanksCommentsAndKeepsStrings) {
  EXPECT_EQ(without_comments("a // b\nc"), "a     \nc");
  EXPECT_EQ(without_comments("a /* b\n */ c"), "a     \n    c");
  EXPECT_EQ(without_comments("\"//\" + R\"x(/* ) )x\" + '\"' // y"), "\"//\" + R\"x(/* ) )x\" + '\"'     ");
  EXPECT_EQ(without_comments("10'000 // a 'quote"), "10'000            ");
}

TEST(LinesToCheck, LeaveOutExceptionsWithAReason) {
  EXPECT_THAT(lines_to_check("a;  // tidy: why\nb;\n"), ElementsAre("", "b;"));
  EXPECT_THAT(lines_to_check("// tidy: why\nif (a)\n  b;\nc;\n"), ElementsAre("", "", "", "c;"));
  EXPECT_THAT(lines_to_check("a;  // tidy: \nb;\n"), ElementsAre("a;           ", "b;")) << "no reason, no exception";
}

TEST(Rules, AreFoundWhereTheyApplyOnly) {
  const std::vector<Rule> rules{{"std::cout", {"agent/"}, {"agent/main.cc"}, "log"}};
  EXPECT_THAT(violations({{"agent/a.cc", {"", "  std::cout << 1;"}}}, rules), ElementsAre("agent/a.cc:2: std::cout — instead: log"));
  EXPECT_THAT(
      violations({{"cli/a.cc", {"std::cout"}}, {"agent/main.cc", {"std::cout"}}, {"agent/b.cc", {"mystd::cout", "std::couture"}}}, rules),
      IsEmpty());
}

TEST(SourceTree, KeepsTheRules) {
  for (const std::string& violation : violations(all_but_the_rules(), rules())) ADD_FAILURE() << violation;
}

std::string text_of(const char* path) { return test::read_file(std::filesystem::path(SK_SOURCE_DIR) / path); }

std::vector<std::string> all_matches(const std::string& text, const char* pattern) {
  std::vector<std::string> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) found.push_back((*it)[1]);
  return found;
}

TEST(Documents, ListTheChecksInTheirOrder) {
  const auto checks = all_matches(text_of("coordinator/plan/decide.cc"), R"x(NamedCheck\{"([a-z ]+)")x");
  const std::string readme = text_of("coordinator/README.md");
  const auto begin = readme.find("## Order of checks");
  const std::string table = readme.substr(begin, readme.find("\n## ", begin + 1) - begin);
  auto rows = all_matches(table, R"(\n\| ([a-z ]+) \|)");
  std::erase(rows, "check");
  EXPECT_FALSE(checks.empty());
  EXPECT_EQ(rows, checks);
}

TEST(Documents, ExplainEveryReasonThatAsksForAPerson) {
  const std::string header = text_of("coordinator/model/finding.h");
  const auto begin = header.find("// misconfigured");
  ASSERT_NE(begin, std::string::npos);
  const auto reasons = all_matches(header.substr(begin, header.find("};", begin) - begin), R"(\n  k([A-Za-z]+),)");
  EXPECT_GT(reasons.size(), 10U);
  for (const auto& reason : reasons)
    EXPECT_NE(text_of("docs/troubles.md").find("`" + reason + "`"), std::string::npos) << reason << " is missing in docs/troubles.md";
}

TEST(SourceTree, HasNothingLeftToDo) {
  std::vector<std::string> found;
  for (const char* word : {"TODO", "FIXME", "XXX"})  // in comments too, so read the files as they are
    for (const SourceFile& file : all_but_the_rules()) {
      const std::string text = test::read_file(std::filesystem::path(SK_SOURCE_DIR) / file.path);
      if (text.find(std::string(word) + ":") != std::string::npos || text.find(std::string(word) + "(") != std::string::npos)
        found.push_back(file.path);
    }
  EXPECT_THAT(found, IsEmpty());
}

TEST(SourceTree, EveryHeaderIsIncludedOnce) {
  std::vector<std::string> found;
  for (const SourceFile& file : all_but_the_rules()) {
    const bool is_header = file.path.size() > 2 && file.path.substr(file.path.size() - 2) == ".h";
    if (is_header && std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end()) found.push_back(file.path);
  }
  EXPECT_THAT(found, IsEmpty()) << "start each header with #pragma once";
}

}  // namespace
}  // namespace shardkeeper::tidy
