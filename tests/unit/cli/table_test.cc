#include "cli/render/table.h"

#include <gtest/gtest.h>

namespace shardkeeper::cli::render {
namespace {

Table pets() {
  Table table;
  table.columns = {
      {.title = "NAME"}, {.title = "LEGS", .align = Align::kRight, .dropped_at = 1}, {.title = "HOME", .dropped_at = 2}, {.title = ""}};
  table.rows = {{{"cat"}, {"4"}, {"house"}, {"sleeps all day and wakes up at night"}}, {{"millipede"}, {"750"}, {"soil"}, {}}};
  table.last_width_min = 12;
  return table;
}

TEST(Table, AlignsColumns) {
  EXPECT_EQ(draw(pets(), {}),
            "NAME       LEGS  HOME\n"
            "cat           4  house  sleeps all day and wakes up at night\n"
            "millipede   750  soil\n");
}

TEST(Table, LeavesOutWhatMattersLeastThenShortens) {
  EXPECT_EQ(draw(pets(), {.width = 40}),
            "NAME       LEGS  HOME\n"
            "cat           4  house  sleeps all da...\n"
            "millipede   750  soil\n");
  EXPECT_EQ(draw(pets(), {.width = 30}),
            "NAME       LEGS\n"
            "cat           4  sleeps all...\n"
            "millipede   750\n");
  EXPECT_EQ(draw(pets(), {.width = 24}),
            "NAME\n"
            "cat        sleeps all...\n"
            "millipede\n");
}

TEST(Table, WrapsTheLastColumn) {
  auto table = pets();
  table.overflow = Overflow::kWrap;
  EXPECT_EQ(draw(table, {.width = 40}),
            "NAME       LEGS  HOME\n"
            "cat           4  house  sleeps all day\n"
            "                        and wakes up at\n"
            "                        night\n"
            "millipede   750  soil\n");
}

TEST(Table, ACellOfARowRunsOverEmptyOnes) {
  auto table = pets();
  table.rows.push_back({{"dog"}, {"is out until the evening", Tone::kPlain, Reach::kRow}});
  table.rows.push_back({{"cow"}, {"is in the stable", Tone::kPlain, Reach::kRow}, {}, {"moo"}});
  EXPECT_EQ(draw(table, {.width = 36}),
            "NAME       LEGS  HOME\n"
            "cat           4  house  sleeps al...\n"
            "millipede   750  soil\n"
            "dog        is out until the evening\n"
            "cow        is in th...  moo\n");
}

TEST(Table, ColumnsWithoutTextAreLeftOut) {
  Table table;
  table.columns = {{.title = "A"}, {.title = "B"}, {.title = "C"}};
  table.rows = {{{"1"}, {}, {"3"}}};
  EXPECT_EQ(draw(table, {}), "A  C\n1  3\n");
}

TEST(Table, NothingDrawsNothingButTitles) { EXPECT_EQ(draw({.columns = {{.title = "A"}}}, {}), "\n"); }

}  // namespace
}  // namespace shardkeeper::cli::render
