// The tree is bounded whatever the text is.
#include "coordinator/manifest/yaml_tree.h"

#include <gtest/gtest.h>

#include <ctime>

namespace shardkeeper::manifest {
namespace {

std::string only_error(std::string_view text) {
  const auto read = read_yaml(text);
  if (read.errors.size() != 1) return std::to_string(read.errors.size()) + " errors";
  return std::to_string(read.errors[0].line) + ": " + read.errors[0].reason;
}

TEST(YamlTree, KeepsLinesQuotesAndOrder) {
  const auto read = read_yaml("b: 1\na:\n  - \"x\"\n  - y\nc: ~\n");
  ASSERT_EQ(read.documents.size(), 1U);
  const Yaml& map = read.documents[0];
  ASSERT_EQ(map.entries.size(), 3U);
  EXPECT_EQ(map.entries[0].key, "b");
  EXPECT_EQ(map.entries[1].line, 2);
  EXPECT_TRUE(map.find("a")->items[0].is_quoted);
  EXPECT_FALSE(map.find("a")->items[1].is_quoted);
  EXPECT_EQ(map.find("a")->items[1].line, 4);
  EXPECT_EQ(map.find("c")->kind, Yaml::Kind::kNull);
  EXPECT_EQ(map.find("d"), nullptr);
}

TEST(YamlTree, LeavesOutEmptyDocuments) {
  EXPECT_EQ(read_yaml("---\n---\na: 1\n---\n# end\n...\n").documents.size(), 1U);
  EXPECT_TRUE(read_yaml("").documents.empty());
}

TEST(YamlTree, WhatStandsBeforeAnErrorIsKept) {
  const auto read = read_yaml("a: 1\n---\nb: [1\n");
  EXPECT_EQ(read.documents.size(), 1U);
  EXPECT_EQ(read.errors.size(), 1U);
}

TEST(YamlTree, AliasStandsForItsValue) {
  const auto read = read_yaml("a: &x {k: v}\nb: *x\n");
  ASSERT_EQ(read.documents.size(), 1U);
  EXPECT_EQ(read.documents[0].find("b")->find("k")->text, "v");
}

TEST(YamlTree, AliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? "," : "") + previous;
    bomb += "]\n";
  }
  EXPECT_NE(only_error(bomb).find("holds more than 50000 values (aliases count as copies)"), std::string::npos);
}

TEST(YamlTree, ValueThatHoldsItselfIsRefused) {
  EXPECT_EQ(only_error("a: &a [*a]\n"), "1: an alias stands inside the value that it names");
}

TEST(YamlTree, AliasesCannotNestWithoutBound) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i) text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(only_error(text).find("is nested deeper than 40 levels"), std::string::npos);
}

TEST(YamlTree, DeepNestingIsRefused) {
  EXPECT_EQ(only_error(std::string(41, '[') + std::string(41, ']')), "1: is nested deeper than 40 levels");
  EXPECT_EQ(read_yaml(std::string(40, '[') + std::string(40, ']')).errors.size(), 0U);
  EXPECT_NE(only_error(std::string(100'000, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(only_error(std::string(100'000, '{')).find("1: "), std::string::npos);
}

TEST(YamlTree, ManyValuesAreRefused) {
  std::string text = "a: [";
  for (int i = 0; i < 60'000; ++i) text += "x,";
  EXPECT_EQ(only_error(text + "]"), "1: holds more than 50000 values (aliases count as copies)");
}

TEST(YamlTree, KeyMustBeAWord) {
  EXPECT_EQ(only_error("? [a, b]\n: c\n"), "1: a key must be a word, not a list, a map or nothing");
  EXPECT_EQ(only_error("~: c\n"), "1: a key must be a word, not a list, a map or nothing");
}

TEST(YamlTree, AnyBytesAreTaken) {
  EXPECT_NO_THROW(read_yaml(std::string_view("\0\xff\xfe\x80: \x01", 7)));
  EXPECT_NO_THROW(read_yaml("%YAML 9.9\n---\na: !!binary x\n"));
  EXPECT_NO_THROW(read_yaml("%TAG ! tag:x\n%TAG ! tag:x\n---\n"));
}

// The scanner's worst known inputs at the size limit; the bound is what a loop could bear once, far from what an attack needs.
TEST(YamlTree, LargeTextTakesBoundedTime) {
  const std::string inputs[] = {std::string(1 << 20, 'a'), std::string(1 << 20, '-'), std::string(1 << 20, '\n'),
                                std::string(1 << 20, ' '), std::string(1 << 20, '"'), std::string(1 << 20, '&'),
                                std::string(1 << 20, '?'), std::string(1 << 20, ':')};
  for (const std::string& text : inputs) {
    // Processor time: other tests run beside this one.
    const std::clock_t start = std::clock();
    read_yaml(text);
    EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC) << text.substr(0, 3);
  }
}

}  // namespace
}  // namespace shardkeeper::manifest
