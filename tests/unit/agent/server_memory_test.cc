#include "agent/core/server_memory.h"

#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::id_text;
using test::node_id;

TimePoint at(Duration since_start) { return {since_start}; }

// A full round of a replica of b, which owns slots 0-99; c owns 100-199.
Round replica_round(char primary = 'b') {
  Round round;
  round.cluster.state_ok = true;
  round.replication.role = Role::kReplica;
  round.replication.replication = {id_text('e'), 100, true, {}, false, false, {}};
  round.detail.emplace();
  round.detail->run_id = "run-1";
  round.detail->numbers.keys = 1000;
  NodeRow self{node_id('a')};
  self.is_myself = true;
  self.role = Role::kReplica;
  self.primary_id = node_id(primary);
  NodeRow b{node_id('b')};
  b.slots = SlotSet::of(0, 99);
  NodeRow c{node_id('c')};
  c.slots = SlotSet::of(100, 199);
  round.detail->nodes.view.rows = {self, b, c};
  return round;
}

Round with_link(Round round, bool link_up, bool syncing) {
  round.replication.replication.link_up = link_up;
  round.replication.replication.sync_in_progress = syncing;
  return round;
}

Round with_offset(Round round, std::uint64_t offset) {
  round.replication.replication.offset_bytes = offset;
  return round;
}

Round with_keys(Round round, std::uint64_t keys) {
  round.detail->numbers.keys = keys;
  return round;
}

// What a light look sees.
Round without_detail(Round round) {
  round.detail.reset();
  return round;
}

const Round kLinked = replica_round();
const Round kSyncing = with_link(replica_round(), false, true);
const Round kCut = with_link(replica_round(), false, false);

TEST(ServerMemory, StreamsOnceTheOffsetMovesOrASecondHasPassed) {
  ServerMemory memory(std::nullopt);
  memory.learn(kSyncing, at(1s));
  memory.learn(with_offset(kLinked, 500), at(2s));
  EXPECT_TRUE(memory.has_synced());
  EXPECT_FALSE(memory.is_streaming(at(2'900ms)));
  EXPECT_TRUE(memory.is_streaming(at(3'200ms)));
  memory.learn(with_offset(kLinked, 501), at(2'100ms));
  EXPECT_TRUE(memory.is_streaming(at(2'100ms)));
}

TEST(ServerMemory, StreamsAtOnceWhereThePrimaryProducedNothingAndWhereTheSyncIsLongPast) {
  ServerMemory fresh(std::nullopt);
  fresh.learn(kSyncing, at(1s));
  fresh.learn(with_offset(kLinked, 0), at(2s));
  EXPECT_TRUE(fresh.is_streaming(at(2s)));
  ServerMemory restarted(std::nullopt);
  restarted.learn(with_offset(kLinked, 500), at(2s));
  EXPECT_TRUE(restarted.is_streaming(at(2s)));
}

TEST(ServerMemory, StreamsAtOnceWhereNothingIsHeldOnceThatWasCounted) {
  ServerMemory memory(std::nullopt);
  memory.learn(with_keys(kSyncing, 0), at(1s));
  memory.learn(without_detail(with_offset(kLinked, 500)), at(2s));
  EXPECT_FALSE(memory.is_streaming(at(2s)));  // the count is older than the sync
  memory.learn(with_keys(with_offset(kLinked, 500), 0), at(2'100ms));
  EXPECT_TRUE(memory.is_streaming(at(2'100ms)));
}

TEST(ServerMemory, HasSyncedOnceTheLinkIsUp) {
  ServerMemory memory(std::nullopt);
  memory.learn(kSyncing, at(1s));
  EXPECT_FALSE(memory.has_synced());
  EXPECT_EQ(memory.out_of_sync_for(at(3s)), 2s);
  memory.learn(kLinked, at(4s));
  EXPECT_TRUE(memory.has_synced());
  EXPECT_EQ(memory.out_of_sync_for(at(5s)), 0s);
}

TEST(ServerMemory, StaysSyncedWhileTheLinkIsDown) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  memory.learn(kCut, at(2s));
  EXPECT_TRUE(memory.has_synced());
  EXPECT_EQ(memory.out_of_sync_for(at(3s)), 1s);
}

TEST(ServerMemory, IsNotSyncedFromTheBeginOfANewSync) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  memory.learn(kSyncing, at(2s));
  EXPECT_FALSE(memory.has_synced());
  memory.learn(kCut, at(3s));
  EXPECT_FALSE(memory.has_synced()) << "that sync was never finished";
}

TEST(ServerMemory, NoticesASyncThatFailedBetweenTwoLooks) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  memory.learn(with_offset(kCut, 0), at(2s));
  EXPECT_FALSE(memory.has_synced());
}

TEST(ServerMemory, StartsAnewWithAnotherPrimary) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  memory.learn(with_link(replica_round('c'), false, false), at(2s));
  EXPECT_FALSE(memory.has_synced());
  EXPECT_FALSE(memory.holds_shard_data()) << "the data is another shard's";
  memory.learn(replica_round('c'), at(3s));
  EXPECT_TRUE(memory.has_synced());
  EXPECT_TRUE(memory.holds_shard_data());
}

TEST(ServerMemory, KeepsTheDataOfItsShardThroughAFailover) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  Round after = with_link(replica_round('c'), false, false);
  after.detail->nodes.view.rows[1].slots = {};
  after.detail->nodes.view.rows[2].slots = SlotSet::of(0, 199);
  memory.learn(after, at(2s));
  EXPECT_FALSE(memory.has_synced());
  EXPECT_TRUE(memory.holds_shard_data());
}

LastLife kept_life(char id, bool has_synced, char replication_id) {
  return {node_id(id), Role::kReplica, {}, {id_text(replication_id), 50, false, {}, false, has_synced, {}}};
}

TEST(ServerMemory, TrustsAnEarlierAgentAboutTheSameHistoryOnly) {
  const auto has_synced_with = [](LastLife kept, Round first) {
    ServerMemory memory(std::move(kept));
    memory.learn(std::move(first), at(1s));
    return memory.has_synced();
  };
  EXPECT_TRUE(has_synced_with(kept_life('a', true, 'e'), kCut));
  EXPECT_FALSE(has_synced_with(kept_life('a', false, 'e'), kCut));
  EXPECT_FALSE(has_synced_with(kept_life('a', true, 'f'), kCut)) << "another history";
  EXPECT_FALSE(has_synced_with(kept_life('b', true, 'e'), kCut)) << "another process";
  EXPECT_FALSE(has_synced_with(kept_life('a', true, 'e'), with_offset(kCut, 0))) << "its data was thrown away";
  EXPECT_FALSE(has_synced_with(kept_life('a', true, 'e'), kSyncing));
}

TEST(ServerMemory, ForgetsAProcessThatWasReplaced) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  Round other = kCut;
  other.detail->run_id = "run-2";
  memory.learn(other, at(2s));
  EXPECT_FALSE(memory.has_synced());
}

TEST(ServerMemory, KeepsTheTableThroughLightRounds) {
  ServerMemory memory(std::nullopt);
  memory.learn(kLinked, at(1s));
  Round light = kCut;
  light.detail.reset();
  memory.learn(light, at(2s));
  ASSERT_NE(memory.myself(), nullptr);
  EXPECT_FALSE(memory.round()->replication.replication.link_up);
  EXPECT_EQ(memory.last_full(), at(1s));
  EXPECT_EQ(memory.last_answer(), at(2s));
}

}  // namespace
}  // namespace shardkeeper::agent
