// What people see, compared with files that people have looked at.
#include "cli/render/lists.h"
#include "cli/render/live_text.h"
#include "cli/render/tree.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/worlds.h"

#include <gtest/gtest.h>

namespace shardkeeper::cli::render {
namespace {

constexpr Look kUtf8{.symbols = Symbols::kUtf8, .now_unix_ms = kNow};
constexpr Look kUtf8At(int width) { return {.width = width, .symbols = Symbols::kUtf8, .now_unix_ms = kNow}; }

TEST(StatusTree, Healthy) { expect_golden("healthy.txt", draw_status(healthy(), kUtf8)); }
TEST(StatusTree, HealthyAt80Columns) { expect_golden("healthy_80.txt", draw_status(healthy(), kUtf8At(80))); }
TEST(StatusTree, HealthyInAscii) { expect_golden("healthy_ascii.txt", draw_status(healthy(), {.now_unix_ms = kNow})); }
TEST(StatusTree, HealthyInColours) {
  expect_golden("healthy_colours.txt", draw_status(healthy(), {.colours = Colours::kOn, .symbols = Symbols::kUtf8}));
}
TEST(StatusTree, BeingCreated) { expect_golden("being_created.txt", draw_status(being_created(), kUtf8At(120))); }
TEST(StatusTree, InTrouble) { expect_golden("in_trouble.txt", draw_status(in_trouble(), kUtf8At(120))); }
TEST(StatusTree, InTroubleAt80Columns) { expect_golden("in_trouble_80.txt", draw_status(in_trouble(), kUtf8At(80))); }
TEST(StatusTree, TwoClusters) { expect_golden("two_clusters.txt", draw_status(two_clusters(), kUtf8At(120))); }
TEST(StatusTree, NoClusters) { EXPECT_EQ(draw_status({}, kUtf8), "no clusters; give the coordinator one with --cluster=FILE\n"); }

TEST(StatusTree, NoLineIsWiderThanTheTerminalDownTo60Columns) {
  for (const auto& status : {healthy(), being_created(), in_trouble(), two_clusters()})
    for (int width = 60; width <= 200; ++width) {
      std::istringstream lines(draw_status(status, kUtf8At(width)));
      for (std::string line; std::getline(lines, line);) {
        const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        ASSERT_LE(columns, width) << line;
      }
    }
}

TEST(StatusTree, NoLineEndsInSpaces) {
  for (const auto& status : {healthy(), being_created(), in_trouble()})
    EXPECT_EQ(draw_status(status, kUtf8).find(" \n"), std::string::npos);
}

TEST(StatusTree, WhatServersSayCannotHarmTheTerminal) {
  auto status = healthy();
  auto& cluster = *status.mutable_clusters(0);
  cluster.set_message("\x1b[2J\x07gone\r\n");
  cluster.mutable_shards(0)->mutable_pods(0)->set_name("a\x1b]0;title\x07");
  cluster.mutable_shards(0)->mutable_pods(0)->set_worker("\xff\xfe");
  const std::string drawn = draw_status(status, kUtf8);
  for (const char c : {'\x1b', '\x07', '\r', '\xff'}) EXPECT_EQ(drawn.find(c), std::string::npos);
}

TEST(Lists, Events) { expect_golden("events.txt", draw_events(events(), kUtf8At(100))); }
TEST(Lists, Workers) { expect_golden("workers.txt", draw_workers(workers(), kUtf8)); }
TEST(Lists, Nothing) {
  EXPECT_EQ(draw_events({}, kUtf8), "no events\n");
  EXPECT_EQ(draw_workers({}, kUtf8), "no workers\n");
}

TEST(LiveText, GoesBackOverWhatItDrew) {
  LiveText live;
  EXPECT_EQ(live.redraw("a\nb\n", 0), "\x1b[?25l\x1b[?7la\x1b[K\nb\x1b[K\n\x1b[J");
  EXPECT_EQ(live.redraw("c\n", 0), "\x1b[?25l\x1b[?7l\x1b[2A\rc\x1b[K\n\x1b[J");
  EXPECT_EQ(live.redraw("d\n", 0), "\x1b[?25l\x1b[?7l\x1b[1A\rd\x1b[K\n\x1b[J");
}

TEST(LiveText, DrawsNoMoreLinesThanTheTerminalHas) {
  LiveText live;
  EXPECT_EQ(live.redraw("a\nb\nc\nd\n", 4), "\x1b[?25l\x1b[?7la\x1b[K\nb\x1b[K\n(more lines than the terminal has)\x1b[K\n\x1b[J");
  EXPECT_EQ(live.redraw("a\nb\nc\n", 4), "\x1b[?25l\x1b[?7l\x1b[3A\ra\x1b[K\nb\x1b[K\nc\x1b[K\n\x1b[J");
}

}  // namespace
}  // namespace shardkeeper::cli::render
