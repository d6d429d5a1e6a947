// Plans, progress and slot maps as people see them. Drawings are compared with golden files.
#include "cli/render/moves.h"
#include "cli/render/progress.h"
#include "cli/render/slot_map.h"
#include "cli/render/tree.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/worlds.h"

#include <algorithm>
#include <sstream>

namespace shardkeeper::cli::render {
namespace {

constexpr Look kUtf8{.symbols = Symbols::kUtf8};
constexpr Look kUtf8At(int width) { return {.width = width, .symbols = Symbols::kUtf8}; }

admin::v1::SlotMap slot_map() {
  admin::v1::SlotMap map;
  map.set_cluster("cache");
  const auto add = [&](int shard, const char* primary, const char* slots, int count, std::uint64_t keys) {
    auto* const owner = map.add_owners();
    owner->set_shard(shard);
    owner->set_primary(primary);
    owner->set_slots(slots);
    owner->set_slot_count(count);
    owner->set_keys(keys);
  };
  add(0, "cache-7x2kq", "0-4095,4596-5460", 4961, 365313);
  add(1, "cache-m3vtw", "5461-10921", 5461, 401877);
  add(2, "cache-b5njf", "10922-16000", 5079, 402010);
  add(3, "cache-k2d8v", "4096-4595", 500, 36800);
  map.mutable_owners(0)->set_leaving(865);
  auto* const job = map.add_moving();
  job->set_from(0);
  job->set_to(3);
  job->set_slots("4096-5460");
  map.set_nobodys("16001-16383");
  map.set_nobodys_count(383);
  return map;
}

void expect_fits(const std::string& drawn, int width) {
  std::istringstream lines(drawn);
  for (std::string line; std::getline(lines, line);) {
    const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    ASSERT_LE(columns, width) << line;
  }
}

TEST(ScalePlan, Out) { expect_golden("plan.txt", draw_plan(scale_plan(), kUtf8)); }
TEST(ScalePlan, WithoutRoom) { expect_golden("plan_no_room.txt", draw_plan(no_room(), kUtf8At(100))); }
TEST(ScalePlan, OfNothing) {
  auto plan = scale_plan();
  plan.clear_moves();
  plan.clear_shards();
  plan.set_slots(0);
  plan.set_shards_then(3);
  EXPECT_EQ(draw_plan(plan, kUtf8), "cache  3 shards: no slot has to move\n");
}

TEST(SlotMap, ShowsOwnersMovesAndNobody) { expect_golden("slots.txt", draw_slot_map(slot_map(), kUtf8)); }
TEST(SlotMap, OnANarrowTerminal) { expect_golden("slots_60.txt", draw_slot_map(slot_map(), kUtf8At(60))); }
TEST(SlotMap, ColoursRepeatTheLetters) {
  const std::string drawn = draw_slot_map(slot_map(), {.colours = Colours::kOn});
  EXPECT_NE(drawn.find("\x1b[32mAAAA"), std::string::npos);
  EXPECT_NE(drawn.find("\x1b[36mBBBB"), std::string::npos);
}
TEST(SlotMap, TakesWhatIsNoSetOfSlots) {
  auto map = slot_map();
  map.mutable_owners(0)->set_slots("0-99999,\x1b[2J");
  map.mutable_moving(0)->set_slots("x");
  EXPECT_EQ(draw_slot_map(map, kUtf8).find('\x1b'), std::string::npos);
}

TEST(Status, TellsMovesUnderWay) { expect_golden("scaling.txt", draw_status(scaling(), kUtf8At(120))); }

TEST(Progress, Bar) {
  const MoveProgress half{.slots_done = 2048,
                          .slots_total = 4096,
                          .keys_done = 150'000,
                          .bytes_done = 20'000'000,
                          .slots_per_second = 400,
                          .bytes_per_second = 3'000'000,
                          .left_ms = 5'120};
  EXPECT_EQ(draw_bar(half, {.width = 100}),
            "  ############-------------  50 %  2,048 of 4,096 slots, 150,000 keys, 19 MiB, 2.9 MiB/s, 5s left\n");
  EXPECT_EQ(draw_bar({.slots_done = 0, .slots_total = 3}, {.width = 40}), "  ----------   0 %  0 of 3 slots\n");
  EXPECT_EQ(draw_numbers({.slots_done = 3, .slots_total = 4, .slots_per_second = 2.5}, kUtf8), " 75 %  3 of 4 slots · 2 slots/s");
  EXPECT_EQ(draw_numbers({}, kUtf8), "100 %  0 of 0 slots");
}

TEST(Moves, NothingIsWiderThanTheTerminal) {
  for (int width = 60; width <= 160; ++width) {
    expect_fits(draw_plan(scale_plan(), kUtf8At(width)), width);
    expect_fits(draw_plan(no_room(), kUtf8At(width)), width);
    expect_fits(draw_slot_map(slot_map(), kUtf8At(width)), width);
    expect_fits(draw_status(scaling(), kUtf8At(width)), width);
    expect_fits(
        draw_bar({.slots_done = 1, .slots_total = 16384, .keys_done = 1'000'000'000, .bytes_done = 1, .left_ms = 1}, kUtf8At(width)),
        width);
  }
}

}  // namespace
}  // namespace shardkeeper::cli::render
