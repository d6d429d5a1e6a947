// Plans and progress as messages, and what is refused.
#include "coordinator/admin/moves.h"
#include "tests/unit/plan/cluster_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::admin_service {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMegabyte = 1 << 20;

// Three shards of 5,461 keys and 102 MB each, with room for 200 MB.
test::ClusterBuilder loaded() {
  auto world = test::a_cluster();
  for (const auto& node : std::vector(world.nodes()))
    world.change(node.pod, [](test::BuiltNode& n) { n.keys = 5461, n.bytes_used = 102 * kMegabyte, n.bytes_max = 200 * kMegabyte; });
  return world;
}

TEST(ScalePlanMessage, SaysWhatThePreviewSays) {
  const auto world = loaded();
  const auto plan = scale_plan(world.snapshot(), world.history(), 4);
  EXPECT_EQ(plan.shards_now(), 3);
  EXPECT_EQ(plan.shards_then(), 4);
  EXPECT_EQ(plan.slots(), 4096);
  ASSERT_EQ(plan.moves_size(), 3);
  EXPECT_EQ(plan.moves(0).from(), 0);
  EXPECT_EQ(plan.moves(0).to(), 3);
  EXPECT_EQ(plan.moves(0).slots(), "4096-5460");
  EXPECT_EQ(plan.moves(0).slot_count(), 1365);
  ASSERT_EQ(plan.shards_size(), 4);
  EXPECT_EQ(plan.shards(3).slots_then(), 4096);
  EXPECT_EQ(plan.shards(3).bytes_peak(), plan.bytes());
  EXPECT_EQ(refusal_of(plan), "");
}

TEST(ScalePlanMessage, FewerShardsThanTheDataNeedsAreRefused) {
  const auto world = loaded();
  const auto plan = scale_plan(world.snapshot(), world.history(), 1);
  ASSERT_EQ(plan.shortfalls_size(), 1);
  EXPECT_EQ(plan.shortfalls(0).shard(), 0);
  EXPECT_THAT(refusal_of(plan), HasSubstr("1 shard cannot hold the data: shard 0 needs "));
  EXPECT_THAT(refusal_of(plan), HasSubstr(". Give pods more memory first, or keep more shards"));
}

TEST(ScalePlanMessage, MoreShardsAreNotRefused) {
  auto plan = scale_plan(loaded().snapshot(), loaded().history(), 1);
  plan.set_shards_then(4);
  EXPECT_EQ(refusal_of(plan), "");
}

TEST(ScalePlanMessage, OfAnUnknownWorldIsEmpty) {
  model::Snapshot nothing;
  nothing.cluster.name = ClusterName("cache");
  const auto plan = scale_plan(nothing, {}, 3);
  EXPECT_EQ(plan.moves_size(), 0);
  EXPECT_EQ(migration(nothing, {}).slots_left(), 0);
}

TEST(MigrationMessage, TellsWhatIsLeft) {
  auto world = loaded();
  model::Snapshot asked = world.snapshot();
  asked.cluster.spec.shards = 4;
  const auto told = migration(asked, world.history());
  EXPECT_EQ(told.slots_left(), 4096);
  EXPECT_EQ(told.jobs_size(), 0);
  EXPECT_GT(told.bytes_left(), 70 * kMegabyte);
}

}  // namespace
}  // namespace shardkeeper::admin_service
