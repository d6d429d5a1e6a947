// What people see before slots move, and while they do.
#include "coordinator/plan/slots/preview.h"
#include "tests/unit/plan/cluster_builder.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;

// Three shards of 5,461 keys and 102 MB each, with room for 200 MB.
ClusterBuilder loaded() {
  auto world = a_cluster();
  for (const auto& node : std::vector(world.nodes()))
    world.change(node.pod, [](BuiltNode& n) { n.keys = 5461, n.bytes_used = 102 * kMegabyte, n.bytes_max = 200 * kMegabyte; });
  return world;
}

TEST(Preview, TellsMovesAndTheirWeight) {
  const auto world = loaded();
  const auto preview = plan::preview_of(world.snapshot(), world.history(), 4);
  ASSERT_EQ(preview.moves.size(), 3U);
  EXPECT_EQ(preview.slots, 4096);
  EXPECT_EQ(to_string(preview.moves[0].slots), "4096-5460");
  EXPECT_EQ(preview.moves[0].load.keys, 1365U);
  EXPECT_NEAR(static_cast<double>(preview.load.bytes), 75.0 * kMegabyte, 0.1 * kMegabyte);
  ASSERT_EQ(preview.shards.size(), 4U);
  EXPECT_EQ(preview.shards[3].slots_now, 0);
  EXPECT_EQ(preview.shards[3].slots_then, 4096);
  EXPECT_EQ(preview.shards[3].bytes_peak, preview.load.bytes);
  EXPECT_EQ(preview.shards[0].slots_then, 4096);
  EXPECT_EQ(preview.shards[0].keys_then, 5461U - 1365U);
  EXPECT_EQ(preview.shards[0].bytes_peak, 102 * kMegabyte) << "deletions do not count";
  EXPECT_TRUE(preview.shortfalls.empty());
}

TEST(Preview, TellsWhoHasNoRoom) {
  const auto world = loaded();
  const auto preview = plan::preview_of(world.snapshot(), world.history(), 1);
  ASSERT_EQ(preview.shortfalls.size(), 1U);
  EXPECT_EQ(preview.shortfalls[0].shard, ShardId{0});
  EXPECT_NEAR(static_cast<double>(preview.shortfalls[0].bytes_planned), 200.0 * kMegabyte, 0.1 * kMegabyte);
  EXPECT_NEAR(static_cast<double>(preview.shards[0].bytes_peak), 302.0 * kMegabyte, 0.1 * kMegabyte);
}

TEST(Preview, OfWhatIsThereIsEmpty) {
  const auto world = loaded();
  const auto preview = plan::preview_of(world.snapshot(), world.history(), 3);
  EXPECT_EQ(preview.slots, 0);
  EXPECT_TRUE(preview.moves.empty() && preview.nobodys.empty());
}

TEST(MigrationStatus, TellsWhatRunsAndWhatIsLeft) {
  auto world = loaded().shards(4).asked(3);
  world.migrating("vk-3-0", "vk-0-0", SlotSet::of(12288, 13653), MigrationProgress::Stage::kRunning);
  world.change("vk-3-0", [](BuiltNode& n) {
    n.migration->slots_done = SlotSet::of(12288, 12387);
    n.slots = n.slots.without(n.migration->slots_done);
    n.migration->keys_total = 300, n.migration->keys_done = 20;
  });
  world.change("vk-0-0", [](BuiltNode& n) { n.slots = n.slots.united(SlotSet::of(12288, 12387)), n.epoch = {9}; });
  const auto status = plan::migration_status(world.snapshot(), world.history());
  ASSERT_EQ(status.jobs.size(), 1U);
  EXPECT_EQ(status.jobs[0].from, ShardId{3});
  EXPECT_EQ(status.jobs[0].to, ShardId{0});
  EXPECT_EQ(status.slots_left, 4096 - 100);
}

}  // namespace
}  // namespace shardkeeper::test
