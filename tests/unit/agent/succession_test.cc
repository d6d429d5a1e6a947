#include "agent/decide/succession.h"

#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using test::id_text;
using test::node_id;

PeerReport replica(const char* pod, std::uint64_t offset) {
  PeerReport report;
  report.peer.pod = PodName(pod);
  report.state.condition = ServerCondition::kUp;
  report.state.role = Role::kReplica;
  report.state.primary_id = node_id('a');
  report.state.announced = {std::string("127.0.0.") + pod, 6379, 16379};
  report.state.replication = {id_text('e'), offset, true, {}, false, true, {}};
  return report;
}

LastLife dead_primary() {
  LastLife life{node_id('a'), Role::kPrimary, SlotSet::of(0, 99), {}};
  life.replication.replication_id = id_text('e');
  return life;
}

TEST(ChooseAfterDeath, TakesTheHighestOffset) {
  EXPECT_EQ(choose_after_death(dead_primary(), {replica("1", 400), replica("2", 900), replica("3", 900)}).value(), 1U);
}

TEST(ChooseAfterDeath, SkipsWhoIsNoCandidate) {
  auto unsynced = replica("1", 999);
  unsynced.state.replication.has_synced = false;
  auto other_history = replica("2", 999);
  other_history.state.replication.replication_id = id_text('f');
  auto other_shard = replica("3", 999);
  other_shard.state.primary_id = node_id('b');
  auto hung = replica("4", 999);
  hung.state.condition = ServerCondition::kHung;
  auto promoted = replica("5", 999);
  promoted.state.role = Role::kPrimary;
  EXPECT_EQ(choose_after_death(dead_primary(), {unsynced, other_history, other_shard, hung, promoted, replica("6", 1)}).value(), 5U);

  const auto none = choose_after_death(dead_primary(), {unsynced, hung});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().detail, "no replica may take over: 1 has not finished a sync, 4 is not up");
  EXPECT_EQ(choose_after_death(dead_primary(), {}).error().kind, ErrorKind::kNotFound);
}

TEST(ChooseAfterDeath, TakesAReplicaWhoseLinkIsDown) {
  auto cut = replica("1", 5);
  cut.state.replication.link_up = false;  // of course: its primary is dead
  EXPECT_TRUE(choose_after_death(dead_primary(), {cut}));
}

TEST(ChooseForHandOver, NeedsALink) {
  NodeState primary;
  primary.node_id = node_id('a');
  primary.replication.replication_id = id_text('e');
  auto cut = replica("1", 900);
  cut.state.replication.link_up = false;
  EXPECT_EQ(choose_for_hand_over(primary, {cut, replica("2", 100)}).value(), 1U);
  EXPECT_FALSE(choose_for_hand_over(primary, {cut}));
}

TEST(AllOnlineReported, ComparesAddresses) {
  LastLife dead = dead_primary();
  EXPECT_TRUE(all_online_reported(dead, {}));
  dead.replication.online_replicas = {{{"127.0.0.1", 6379, 0}, 5}};
  EXPECT_FALSE(all_online_reported(dead, {replica("2", 5)}));
  EXPECT_TRUE(all_online_reported(dead, {replica("2", 5), replica("1", 5)}));
}

TEST(CanWinForce, NeedsAMajorityWithoutTheDead) {
  TopologyView view;
  for (const char id : {'a', 'b', 'c'}) {
    NodeRow row{node_id(id)};
    row.is_myself = id == 'a';
    row.slots = SlotSet::of(0, 1);
    view.rows.push_back(row);
  }
  EXPECT_TRUE(can_win_force(view));
  view.rows[2].is_suspected = true;
  EXPECT_FALSE(can_win_force(view));
  view.rows.pop_back();
  EXPECT_FALSE(can_win_force(view)) << "two primaries cannot elect";
}

}  // namespace
}  // namespace shardkeeper::agent
