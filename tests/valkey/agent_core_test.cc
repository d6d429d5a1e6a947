// The agent's core on real servers behind the real gate: everything but gRPC and HTTP.
#include "tests/support/key_slot.h"
#include "tests/support/sync_client.h"
#include "tests/valkey/agent_pod.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

double ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

class AgentOnRealServers : public testing::TestWithParam<ValkeyLine> {
 protected:
  void SetUp() override { options_.server = valkey_server(GetParam()); }

  AgentPod& add_pod() { return *pods_.emplace_back(std::make_unique<AgentPod>(world_, static_cast<int>(pods_.size()) + 1, options_)); }
  AgentPod& pod(int number) { return *pods_[static_cast<std::size_t>(number - 1)]; }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 20s) {
    return world_.run_until(condition, deadline);
  }
  bool until_reason(AgentPod& pod, const std::string& reason) {
    return until([&] { return pod.reason() == reason; });
  }

  // Pods 1..primaries own the slots; each further one replicates pod 1. All through commands.
  void make_cluster(int primaries, int replicas_of_first) {
    const int count = primaries + replicas_of_first;
    for (int number = 1; number <= count; ++number) add_pod();
    for (auto& pod : pods_) ASSERT_TRUE(pod->grant_start());
    for (auto& pod : pods_) ASSERT_TRUE(until_reason(*pod, "NotAMember")) << pod->reason();
    ASSERT_TRUE(
        until([&] { return std::ranges::all_of(pods_, [&](const auto& pod) { return uptime_seconds(*pod) >= server_age_seconds_; }); }));
    begin_ = std::chrono::steady_clock::now();
    for (int number = 1; number <= count; ++number) {
      // Young servers without data agree ten times sooner with a short node timeout.
      ASSERT_EQ(pod(number).execute(command::SetConfig{{{"cluster-node-timeout", "500"}}}), "done");
      ASSERT_EQ(pod(number).execute(command::SetConfigEpoch{Epoch{static_cast<std::uint64_t>(number)}}), "done");
    }
    std::vector<Endpoint> everybody;
    everybody.reserve(pods_.size());
    for (auto& pod : pods_) everybody.push_back(pod->endpoint());
    for (auto& pod : pods_) {
      std::vector<Endpoint> others = everybody;
      std::erase(others, pod->endpoint());
      ASSERT_EQ(pod->execute(command::Meet{others}), "done");
    }
    for (int i = 0; i < primaries; ++i)
      ASSERT_EQ(pod(i + 1).execute(command::AddSlots{SlotSet::of(kSlotCount * i / primaries, kSlotCount * (i + 1) / primaries - 1)}),
                "done");
    const NodeId first = *pod(1).state().node_id;
    for (int number = primaries + 1; number <= count; ++number) {
      AgentPod& replica = pod(number);
      ASSERT_TRUE(until([&] { return knows(replica, first); }));
      ASSERT_EQ(replica.execute(command::Replicate{first}), "done");
    }
    ASSERT_TRUE(until([&] { return std::ranges::all_of(pods_, [](const auto& pod) { return pod->state().readiness.is_ready(); }); }))
        << reasons();
    std::printf("%d + %d nodes ready after %.0f ms\n", primaries, replicas_of_first, ms_since(begin_));
    for (auto& pod : pods_)
      ASSERT_EQ(pod->execute(command::SetConfig{{{"cluster-node-timeout", std::to_string(options_.node_timeout.count())}}}), "done");
  }

  // As a coordinator does: every pod of pod 1's shard is in shard 0, the others have shards of their own.
  void tell_peers() {
    std::vector<rpc::Peer> peers;
    peers.reserve(pods_.size());
    for (std::size_t i = 0; i < pods_.size(); ++i)
      peers.push_back({pods_[i]->name(), ShardId{i == 1 || i == 2 ? static_cast<int>(i) : 0}, ""});
    for (auto& pod : pods_) {
      pod->core().watch_opened(1, [](const NodeState*) {});
      pod->core().watch_message(1, {FenceToken{1}, 0, false, 5s, peers});
    }
  }
  static std::uint64_t uptime_seconds(AgentPod& pod) {
    const auto* detail = pod.core().memory().detail();
    return detail != nullptr ? detail->numbers.uptime_seconds : 0;
  }
  static bool knows(AgentPod& pod, const NodeId& id) {
    const auto* detail = pod.core().memory().detail();
    return detail != nullptr && detail->nodes.view.find(id) != nullptr;
  }
  std::string reasons() {
    std::string text;
    for (auto& pod : pods_) text += pod->name().value + " " + pod->reason() + " (" + pod->state().readiness.detail + ")\n";
    return text;
  }

  PodOptions options_;
  PodWorld world_;
  std::vector<std::unique_ptr<AgentPod>> pods_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t server_age_seconds_ = 0;  // that make_cluster waits for
};

TEST_P(AgentOnRealServers, CreatesAClusterByCommandsAlone) {
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  for (int number = 1; number <= 3; ++number) EXPECT_EQ(pod(number).state().config_epoch, Epoch{static_cast<std::uint64_t>(number)});
  EXPECT_EQ(pod(4).state().role, Role::kReplica);
  EXPECT_TRUE(pod(4).state().replication.has_synced);
  EXPECT_EQ(pod(4).execute(command::Replicate{*pod(1).state().node_id}), "already so");
  ASSERT_TRUE(
      until([&] { return pod(1).state().view_hash == pod(2).state().view_hash && pod(2).state().view_hash == pod(4).state().view_hash; }));
  EXPECT_NE(pod(4).execute(command::SetConfigEpoch{Epoch{9}}).find("ERR"), std::string::npos) << "the server's own words";
}

TEST_P(AgentOnRealServers, CreatesQuicklyOnceServersAreWarm) {
  server_age_seconds_ = 3;  // a younger one keeps cluster_state fail until it is two seconds old
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_LT(ms_since(begin_), 4'900)
      << "without a short node timeout it takes five seconds however fast the machine is; with it about 0.7 s";
}

TEST_P(AgentOnRealServers, GivesTheRightReasonOnTheWayToReady) {
  AgentPod& pod = add_pod();
  EXPECT_EQ(pod.reason(), "GateShut");
  ASSERT_TRUE(pod.grant_start());
  ASSERT_TRUE(until_reason(pod, "NotAMember"));
  EXPECT_FALSE(pod.state().gate.start_granted);
  ASSERT_EQ(pod.execute(command::AddSlots{SlotSet::all()}), "done");
  ASSERT_TRUE(until_reason(pod, "Ready")) << pod.state().readiness.detail;
  EXPECT_EQ(pod.execute(command::AddSlots{SlotSet::of(5, 9)}), "already so");
}

TEST_P(AgentOnRealServers, NoticesADeathAndPromotesWithinMoments) {
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_TRUE(until([&] { return pod(1).state().replication.online_replicas.size() == 1; }));
  const NodeId dead = *pod(1).state().node_id;
  const Epoch epoch = pod(1).state().config_epoch;
  const auto begin = std::chrono::steady_clock::now();
  pod(1).kill_server();
  ASSERT_TRUE(until([&] { return pod(1).state().gate.is_known_dead(); }));
  const double noticed = ms_since(begin);
  ASSERT_TRUE(pod(1).state().last_life);
  EXPECT_EQ(pod(1).state().last_life->node_id, dead);
  EXPECT_EQ(pod(1).state().last_life->replication.online_replicas.size(), 1U);

  EXPECT_EQ(pod(4).execute(command::Failover{command::FailoverMode::kForce, dead, epoch, {}}), "done");
  ASSERT_TRUE(until([&] { return pod(4).state().role == Role::kPrimary && !pod(4).state().slots.empty(); }));
  std::printf("noticed after %.1f ms, promoted after %.1f ms\n", noticed, ms_since(begin));
  EXPECT_EQ(pod(4).execute(command::Failover{command::FailoverMode::kForce, dead, epoch, {}}),
            "failover: this node is not a replica of " + dead.short_form() + " (any more)");

  pod(1).start_launch();
  ASSERT_TRUE(pod(1).grant_start());
  // From 8.1 on the others meet the newcomer by themselves, so it may be a member at once.
  ASSERT_TRUE(until([&] { return pod(1).state().condition == ServerCondition::kUp; })) << pod(1).reason();
  EXPECT_NE(pod(1).state().node_id, dead) << "a start is always a new node";
  EXPECT_EQ(pod(2).execute(command::Forget{{dead}}), "done");
}

// A new shard's primary dies while it imports its first slot: it owns nothing, so no election is due by slots, and its replica alone has the keys.
TEST_P(AgentOnRealServers, TheReplicaOfAnImportingPrimaryTakesOverWithoutASlot) {
  constexpr int kSlot = 100;
  make_cluster(3, 0);
  ASSERT_FALSE(HasFatalFailure());
  const NodeId giver = *pod(1).state().node_id;
  std::vector<Endpoint> others;
  for (auto& known : pods_) others.push_back(known->endpoint());
  for (const int number : {4, 5}) {
    add_pod();
    ASSERT_TRUE(pod(number).grant_start());
    ASSERT_TRUE(until_reason(pod(number), "NotAMember"));
    ASSERT_EQ(pod(number).execute(command::SetConfigEpoch{Epoch{static_cast<std::uint64_t>(number)}}), "done");
    ASSERT_EQ(pod(number).execute(command::Meet{others}), "done");
    others.push_back(pod(number).endpoint());
  }
  const NodeId taker = *pod(4).state().node_id;
  ASSERT_TRUE(until([&] { return knows(pod(5), taker) && knows(pod(1), *pod(5).state().node_id) && knows(pod(4), giver); }));
  ASSERT_TRUE(until([&] { return pod(5).execute(command::Replicate{taker}) == "done"; }));
  ASSERT_TRUE(until([&] { return pod(5).state().replication.has_synced && pod(4).state().replication.online_replicas.size() == 1; }));

  const SlotSet slots = SlotSet::of(kSlot, kSlot);
  ASSERT_TRUE(until([&] {
    const auto answer = pod(4).execute(command::SetSlots{slots, command::SetSlots::Mode::kImporting, giver, giver});
    return answer == "done" || answer == "already so";
  }));
  auto client = SyncClient::connect(pod(4).endpoint().ip, pod(4).endpoint().port, 10s);
  ASSERT_TRUE(client);
  // A newcomer counts itself in a minority for a moment: CLUSTERDOWN.
  ASSERT_TRUE(until([&] {
    const auto replies = client->pipeline({{"ASKING"}, {"SET", "{" + tag_of_slot(kSlot) + "}key", "value"}});
    return replies && replies->at(1).text == "OK";
  }));
  ASSERT_TRUE(until([&] { return pod(5).state().keys == 1; }));
  // Voters must know the replica as the dead primary's.
  ASSERT_TRUE(until([&] {
    return std::ranges::all_of(std::array{1, 2, 3}, [&](int number) {
      const auto* row = pod(number).core().memory().detail()->nodes.view.find(*pod(5).state().node_id);
      return row != nullptr && row->primary_id == taker;
    });
  }));

  pod(4).kill_server();
  ASSERT_TRUE(until([&] { return !pod(4).state().gate.lock_held; }));
  ASSERT_EQ(pod(5).execute(command::Failover{command::FailoverMode::kForce, taker, Epoch{1'000}, {}}), "done");
  ASSERT_TRUE(until([&] { return pod(5).state().role == Role::kPrimary; }));
  EXPECT_EQ(pod(5).state().keys, 1U);
  EXPECT_TRUE(pod(5).state().slots.empty());
  // The role is told by the first answer that has it; flags are read with the table, in the round after.
  ASSERT_TRUE(until([&] { return pod(5).state().open_slots.size() == 1; })) << "the flag that leads clients there came along";
  EXPECT_EQ(pod(5).state().open_slots[0].slot, kSlot);
  EXPECT_EQ(pod(5).state().open_slots[0].peer, giver);
}

TEST_P(AgentOnRealServers, HandsOverGracefully) {
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  const NodeId old_primary = *pod(1).state().node_id;
  EXPECT_EQ(pod(1).execute(command::Shutdown{}), "shutdown: this primary owns 5461 slots; hand over or move them first");
  EXPECT_EQ(pod(4).execute(command::Failover{command::FailoverMode::kGraceful, old_primary, pod(1).state().config_epoch, {}}), "done");
  ASSERT_TRUE(until([&] {
    return pod(4).state().role == Role::kPrimary && pod(1).state().role == Role::kReplica && pod(1).state().readiness.is_ready();
  }));
  EXPECT_EQ(pod(1).execute(command::Shutdown{}), "done");
  ASSERT_TRUE(until([&] { return !pod(1).state().gate.lock_held; }));
}

TEST_P(AgentOnRealServers, TellsAStoppedServerFromADeadOne) {
  options_.hung_after = 700ms;
  AgentPod& pod = add_pod();
  ASSERT_TRUE(pod.grant_start());
  ASSERT_TRUE(until_reason(pod, "NotAMember"));
  ASSERT_EQ(pod.execute(command::AddSlots{SlotSet::all()}), "done");
  ASSERT_TRUE(until_reason(pod, "Ready"));
  const NodeId id = *pod.state().node_id;
  pod.signal_server(SIGSTOP);
  ASSERT_TRUE(until_reason(pod, "Hung"));
  EXPECT_TRUE(pod.state().gate.lock_held);
  EXPECT_FALSE(pod.state().gate.is_known_dead());
  pod.signal_server(SIGCONT);
  ASSERT_TRUE(until_reason(pod, "Ready"));
  EXPECT_EQ(pod.state().node_id, id);
}

TEST_P(AgentOnRealServers, KnowsAfterItsOwnRestartWhatItKnewBefore) {
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  const NodeId id = *pod(1).state().node_id;
  // One write, since a replica with offset 0 cannot be told from one whose sync failed and threw everything away.
  auto client = SyncClient::connect(pod(1).endpoint().ip, pod(1).endpoint().port, 5s);
  ASSERT_TRUE(client) << to_string(client.error());
  ASSERT_EQ(client->call({"SET", "b", "1"})->text, "OK") << "slot 3300 belongs to the first pod";
  ASSERT_TRUE(until([&] { return pod(4).state().replication.offset_bytes > 0; }));
  pod(1).stop_agent();
  pod(4).stop_agent();
  pod(1).kill_server();
  pod(1).start_agent();
  pod(4).start_agent();
  EXPECT_TRUE(pod(1).state().gate.is_known_dead());
  ASSERT_TRUE(pod(1).state().last_life);
  EXPECT_EQ(pod(1).state().last_life->node_id, id);
  EXPECT_EQ(pod(1).state().last_life->slots.count(), 5461);
  ASSERT_TRUE(until([&] { return pod(4).state().condition == ServerCondition::kUp && !pod(4).state().replication.link_up; }));
  EXPECT_TRUE(pod(4).state().replication.has_synced) << "the same history that an earlier agent saw complete";
}

TEST_P(AgentOnRealServers, ChoosesASuccessorItselfWhenThereIsNoCoordinator) {
  make_cluster(3, 2);
  ASSERT_FALSE(HasFatalFailure());
  tell_peers();
  ASSERT_TRUE(until([&] { return pod(1).state().replication.online_replicas.size() == 2; }));
  const auto begin = std::chrono::steady_clock::now();
  pod(1).kill_server();
  ASSERT_TRUE(until([&] { return pod(4).state().role == Role::kPrimary || pod(5).state().role == Role::kPrimary; }));
  std::printf("promoted without a coordinator after %.0f ms\n", ms_since(begin));
  EXPECT_LT(ms_since(begin), 6'500) << "Valkey's own election takes seven seconds at this node timeout; this takes about one";
  EXPECT_NE(pod(4).state().role, pod(5).state().role);
}

TEST_P(AgentOnRealServers, HandsOverBeforeItIsStopped) {
  make_cluster(3, 1);
  ASSERT_FALSE(HasFatalFailure());
  tell_peers();
  std::vector<std::string> lines;
  pod(1).core().hand_over([&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(until([&] { return lines.size() == 2; }));
  EXPECT_EQ(lines, (std::vector<std::string>{"handing over to pod-4", "done handed over to pod-4"}));
  // At once: the agent beside the new primary may not have noticed the promotion yet.
  pod(4).core().hand_over([&](const std::string& line) { lines.push_back(line); });
  // And back. Voters of 8.0 refuse a second election for the same shard within two node timeouts, so it may take more than one attempt there.
  ASSERT_TRUE(until([&] { return lines.size() >= 3 && lines.back().starts_with("done"); }, 30s));
  EXPECT_EQ(lines.back(), "done handed over to pod-1");
}

TEST_P(AgentOnRealServers, FencesAPrimaryThatIsAlone) {
  options_.node_timeout = 1s;
  make_cluster(3, 0);
  ASSERT_FALSE(HasFatalFailure());
  pod(2).signal_server(SIGSTOP);
  pod(3).signal_server(SIGSTOP);
  // No coordinator watches here, and none has for longer than the five seconds that agents take for its node timeout until told otherwise.
  ASSERT_TRUE(until([&] { return pod(1).state().fenced; }, 30s));
  pod(2).signal_server(SIGCONT);
  pod(3).signal_server(SIGCONT);
  ASSERT_TRUE(until([&] { return !pod(1).state().fenced; }, 30s));
}

TEST_P(AgentOnRealServers, SurvivesAServerThatTalksGarbage) {
  options_.server = SK_GARBAGE_SERVER;
  AgentPod& pod = add_pod();
  ASSERT_TRUE(pod.grant_start());
  ASSERT_TRUE(until_reason(pod, "Starting"));
  EXPECT_EQ(pod.execute(command::SetConfigEpoch{Epoch{1}}).substr(0, 13), "CLUSTER NODES");
  EXPECT_EQ(pod.reason(), "Starting");
  pod.kill_server();
  ASSERT_TRUE(until_reason(pod, "GateShut"));
}

INSTANTIATE_TEST_SUITE_P(Valkey, AgentOnRealServers, testing::ValuesIn(kValkeyLines),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::test
