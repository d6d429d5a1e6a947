#include "common/valkey/parse/version_line.h"

#include <gmock/gmock.h>

namespace shardkeeper::valkey::parse {
namespace {

struct Good {
  std::string_view text;
  ServerVersion expect;
};

TEST(VersionLine, ReadsWhatServersPrint) {
  const Good rows[] = {
      {"Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=39f7c371e0a96e3d\n", {8, 0, 1}},
      {"Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=24b5add117e05f41\n", {9, 1, 2}},
      {"Valkey server v=9.1.0-rc2 sha=00000000:0 malloc=libc bits=64 build=1", {9, 1, 0}},
      {"Valkey server v=255.255.255 sha=1:1 malloc=libc bits=64 build=1\r\nsecond line", {255, 255, 255}},
  };
  for (const auto& row : rows) {
    const auto version = parse_version_line(row.text);
    ASSERT_TRUE(version) << to_string(version.error());
    EXPECT_EQ(*version, row.expect) << row.text;
  }
}

TEST(VersionLine, RefusesOtherPrograms) {
  const std::string_view rows[] = {
      "",
      "\n",
      "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=fe8ac8b0ba0b4c6f\n",
      "Valkey server",
      "Valkey server \n",
      "Valkey server sha=00000000:0 bits=64\n",
      "Valkey server v= sha=0\n",
      "Valkey server v=8.0\n",
      "Valkey server v=8.0.x\n",
      "Valkey server v=8.0.99999999999999999999\n",
      "hello\nValkey server v=8.0.1\n",
  };
  for (const auto row : rows) {
    const auto version = parse_version_line(row);
    ASSERT_FALSE(version) << row;
    EXPECT_EQ(version.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(version.error().detail, testing::HasSubstr("is the program a valkey-server?")) << row;
  }
}

TEST(VersionLine, IsBoundedAndQuotesSafely) {
  EXPECT_FALSE(parse_version_line("Valkey server v=8.0.1 " + std::string(5000, 'x')));
  const auto version = parse_version_line("\x1b[31m\xff" + std::string(1000, 'a'));
  ASSERT_FALSE(version);
  EXPECT_THAT(version.error().detail, testing::HasSubstr("\"?[31m?aaa"));
  EXPECT_LT(version.error().detail.size(), 250U);
}

}  // namespace
}  // namespace shardkeeper::valkey::parse
