#include "cli/render/text.h"

#include <gtest/gtest.h>

namespace shardkeeper::cli::render {
namespace {

constexpr Look kUtf8{.symbols = Symbols::kUtf8};

TEST(Text, PrintableKeepsLettersAndDropsControl) {
  EXPECT_EQ(printable("grün ✔ 語"), "grün ✔ 語");
  EXPECT_EQ(printable("a\tb\nc\x1b[m\x7f"), "a b c [m ");
  EXPECT_EQ(printable("\xc2\x9bm"), " m");
  EXPECT_EQ(printable("\xff\xc0\xaf\xe2\x9c"), "?????");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), " x");
}

TEST(Text, WidthCountsCharacters) {
  EXPECT_EQ(width_of(""), 0);
  EXPECT_EQ(width_of("grün ✔"), 6);
}

TEST(Text, ShortenedFitsAndSaysSo) {
  EXPECT_EQ(shortened("abcdef", 6, kUtf8), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4, kUtf8), "abc…");
  EXPECT_EQ(shortened("grüße", 4, kUtf8), "grü…");
  EXPECT_EQ(shortened("abcdef", 4, {}), "a...");
  EXPECT_EQ(shortened("abcdef", 2, {}), "ab");
  EXPECT_EQ(shortened("abcdef", 0, kUtf8), "");
}

TEST(Text, WrappedBreaksAtSpaces) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("one two three", 8), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("abcdefgh ij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
  EXPECT_EQ(wrapped("", 4), std::vector<std::string>{});
  EXPECT_EQ(wrapped("ab", 0), (std::vector<std::string>{"a", "b"}));
}

TEST(Text, Numbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(10 * 1024), "10 KiB");
  EXPECT_EQ(bytes_text(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(5'368'709'120), "5.0 GiB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "16 EiB");
}

TEST(Text, Times) {
  EXPECT_EQ(age_text(-5), "0s");
  EXPECT_EQ(age_text(59'999), "59s");
  EXPECT_EQ(age_text(119'000), "119s");
  EXPECT_EQ(age_text(120'000), "2m");
  EXPECT_EQ(age_text(3 * 3600'000), "3h");
  EXPECT_EQ(age_text(std::int64_t{49} * 3600'000), "2d");
  EXPECT_EQ(clock_text(1'795'341'600'047), "2026-11-22 10:00:00.047");
  EXPECT_EQ(clock_text(0), "1970-01-01 00:00:00.000");
}

}  // namespace
}  // namespace shardkeeper::cli::render
