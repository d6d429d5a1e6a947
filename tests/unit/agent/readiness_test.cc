#include "agent/decide/readiness.h"

#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <ostream>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::node_id;

struct World {
  NodeState state;
  ReadinessHistory history;

  World& condition(ServerCondition condition) {
    state.condition = condition;
    return *this;
  }
  World& was_ready() {
    history.was_ready = true;
    return *this;
  }
  World& alone() {
    history.other_members = 0;
    return *this;
  }
  World& slots(SlotSet slots) {
    state.slots = std::move(slots);
    return *this;
  }
  World& cluster_fail(std::chrono::milliseconds lasting) {
    state.cluster_state_ok = false;
    history.cluster_fail_for = lasting;
    return *this;
  }
  World& unsynced(std::chrono::milliseconds lasting) {
    state.replication.has_synced = false;
    return link_down(lasting);
  }
  World& link_down(std::chrono::milliseconds lasting) {
    state.replication.link_up = false;
    history.out_of_sync_for = lasting;
    return *this;
  }
  World& other_shards_data() {
    history.holds_shard_data = false;
    return *this;
  }
  World& without_users() {
    history.users_are_set = false;
    return *this;
  }
  World& fenced() {
    state.fenced = true;
    return *this;
  }
};

World a_primary() {
  World world;
  world.state.condition = ServerCondition::kUp;
  world.state.gate.lock_held = true;
  world.state.cluster_state_ok = true;
  world.state.slots = SlotSet::of(0, 99);
  world.history.other_members = 5;
  return world;
}

World a_replica() {
  World world = a_primary();
  world.state.role = Role::kReplica;
  world.state.slots = {};
  world.state.primary_id = node_id('b');
  world.state.replication.has_synced = true;
  world.state.replication.link_up = true;
  world.history.holds_shard_data = true;
  return world;
}

struct Case {
  const char* says;
  World world;
  ReadyReason expected;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.says; }

const Case kCases[] = {
    {"no process", a_primary().condition(ServerCondition::kDown), ReadyReason::kGateShut},
    {"a process that has not answered", a_primary().condition(ServerCondition::kStarting), ReadyReason::kStarting},
    {"a process that fell silent", a_primary().condition(ServerCondition::kHung).was_ready(), ReadyReason::kHung},
    {"loading", a_replica().condition(ServerCondition::kLoading).was_ready(), ReadyReason::kLoading},
    {"knows nobody", a_primary().alone(), ReadyReason::kNotAMember},
    {"a cluster of one", a_primary().alone().slots(SlotSet::all()), ReadyReason::kReady},
    {"cluster_state fail, never ready", a_primary().cluster_fail(1ms), ReadyReason::kClusterStateFail},
    {"cluster_state fail for a moment, was ready", a_primary().cluster_fail(1'999ms).was_ready(), ReadyReason::kReady},
    {"cluster_state fail for long, was ready", a_primary().cluster_fail(2'000ms).was_ready(), ReadyReason::kClusterStateFail},
    {"a primary without slots", a_primary().slots({}).was_ready(), ReadyReason::kNoSlots},
    {"a primary with slots", a_primary(), ReadyReason::kReady},
    {"first sync under way", a_replica().unsynced(1ms), ReadyReason::kFirstSync},
    {"a new sync with its shard, was ready", a_replica().unsynced(4'999ms).was_ready(), ReadyReason::kReady},
    {"a new sync with its shard lasts, was ready", a_replica().unsynced(5'000ms).was_ready(), ReadyReason::kFirstSync},
    {"a new sync with another shard, was ready", a_replica().unsynced(1ms).was_ready().other_shards_data(), ReadyReason::kFirstSync},
    {"link down, never ready", a_replica().link_down(1ms), ReadyReason::kPrimaryLinkDown},
    {"link down for a moment, was ready", a_replica().link_down(4'999ms).was_ready(), ReadyReason::kReady},
    {"link down for long, was ready", a_replica().link_down(5'000ms).was_ready(), ReadyReason::kPrimaryLinkDown},
    {"fenced", a_primary().fenced().was_ready(), ReadyReason::kFenced},
    {"whose users were never set", a_primary().without_users().was_ready(), ReadyReason::kUsersMissing},
    {"a synced replica", a_replica(), ReadyReason::kReady},
    // The order of reasons: the earlier one is named.
    {"alone and without slots", a_primary().alone().slots({}), ReadyReason::kNotAMember},
    {"cluster_state fail and without slots", a_primary().cluster_fail(1s).slots({}), ReadyReason::kClusterStateFail},
    {"link down and fenced", a_replica().link_down(6s).fenced(), ReadyReason::kPrimaryLinkDown},
};

class ReadinessTest : public testing::TestWithParam<Case> {};

TEST_P(ReadinessTest, NamesTheFirstReason) {
  const auto& [says, world, expected] = GetParam();
  const Readiness readiness = decide_readiness(world.state, world.history, ReadinessLimits{});
  EXPECT_EQ(to_string(readiness.reason), to_string(expected)) << says;
  EXPECT_FALSE(readiness.detail.empty());
}

INSTANTIATE_TEST_SUITE_P(Reasons, ReadinessTest, testing::ValuesIn(kCases));

TEST(ReadinessDetail, SaysWhatTheGateWaitsFor) {
  World world = a_primary().condition(ServerCondition::kDown);
  world.state.gate = {false, StartRequest{StartId("0123456789abcdef"), {9, 1, 2}}, false};
  EXPECT_EQ(decide_readiness(world.state, world.history, {}).detail, "no server process; start 01234567 waits for the coordinator's grant");
  world.state.gate.start_granted = true;
  EXPECT_EQ(decide_readiness(world.state, world.history, {}).detail, "no server process yet; its start was granted");
  world.history.launch_error = "the server is missing";
  EXPECT_EQ(decide_readiness(world.state, world.history, {}).detail, "no server process, and none can start: the server is missing");
}

}  // namespace
}  // namespace shardkeeper::agent
