// The pure parts: permissions, what waits on a stream, back-off, beats.
#include "common/rpc/agent_api.h"
#include "common/rpc/backoff.h"
#include "common/rpc/permissions.h"
#include "common/rpc/state_queue.h"
#include "common/rpc/utf8.h"
#include "common/rpc/watch_call.h"

#include <gtest/gtest.h>

namespace shardkeeper::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ClusterName kCluster("cache");

TEST(Permissions, KnowCallersByBothNames) {
  using Names = CertificateNames;
  EXPECT_EQ(identify({"coordinator", {"coordinator.cache.shardkeeper"}}, kCluster)->kind, Caller::Kind::kCoordinator);
  EXPECT_EQ(identify({"cache-a", {"cache-a.cache.shardkeeper", "agent.cache.shardkeeper"}}, kCluster)->kind, Caller::Kind::kPeer);
  const std::vector<std::pair<const char*, Names>> strangers{
      {"coordinator of another cluster", {"coordinator", {"coordinator.other.shardkeeper"}}},
      {"a name alone is nothing", {"coordinator", {}}},
      {"an agent that calls itself coordinator", {"coordinator", {"agent.cache.shardkeeper"}}},
      {"an agent that bears the coordinator's DNS name", {"cache-a", {"coordinator.cache.shardkeeper"}}},
      {"agent of another cluster", {"other-a", {"other-a.other.shardkeeper", "agent.other.shardkeeper"}}},
      {"nobody", {"", {"agent.cache.shardkeeper"}}}};
  for (const auto& [says, names] : strangers) {
    const auto caller = identify(names, kCluster);
    ASSERT_FALSE(caller) << says;
    EXPECT_EQ(caller.error().kind, ErrorKind::kRefused) << says;
  }
}

TEST(Permissions, LetPeersDoTwoThings) {
  const Caller coordinator{Caller::Kind::kCoordinator, "coordinator"};
  const Caller peer{Caller::Kind::kPeer, "cache-a"};
  const auto id = NodeId::parse(std::string(40, 'a')).value();
  const command::Ticket ticket{PodName("cache-a"), command::FailoverMode::kForce, "agent:cache-a", milliseconds(1)};
  using command::FailoverMode;
  const std::vector<std::pair<command::Command, bool>> commands{
      {command::GrantStart{}, false},
      {command::SetConfigEpoch{}, false},
      {command::RaiseEpoch{}, false},
      {command::Meet{}, false},
      {command::AddSlots{}, false},
      {command::Replicate{id}, false},
      {command::TakeTicket{ticket}, true},
      {command::Failover{FailoverMode::kGraceful, id, {}, ticket}, true},
      {command::Failover{FailoverMode::kForce, id, {}, ticket}, true},
      {command::Failover{FailoverMode::kTakeover, id, {}, ticket}, false},
      {command::Failover{FailoverMode::kForce, id, {}, std::nullopt}, false},
      {command::Failover{FailoverMode::kForce, id, {}, ticket, true}, false},
      {command::Forget{}, false},
      {command::SetConfig{}, false},
      {command::ApplySettings{}, false},
      {command::Shutdown{}, false},
      {command::Unfence{}, false},
      {command::CancelMigration{"m-1-1"}, false},
      {command::ThrottleMigration{"m-1-1", 1}, false},
      {command::CopyFunctions{}, false},
      {command::RestoreFunctions{}, true},
      {command::SetSlots{SlotSet::of(1, 1), command::SetSlots::Mode::kNode, id}, true}};
  for (const auto& [command, peer_may] : commands) {
    EXPECT_TRUE(may_execute(coordinator, command)) << command::name_of(command);
    EXPECT_EQ(bool(may_execute(peer, command)), peer_may) << command::name_of(command);
  }
  EXPECT_TRUE(may_watch(coordinator));
  EXPECT_FALSE(may_watch(peer));
}

NodeState a_state(std::uint64_t keys, bool with_view = false, std::uint64_t nonce = 0) {
  NodeState state;
  state.keys = keys;
  state.nonce = nonce;
  if (with_view) state.view = TopologyView{};
  return state;
}

TEST(StateQueue, KeepsTheNewestState) {
  StateQueue queue;
  EXPECT_TRUE(queue.empty());
  queue.push(a_state(1));
  queue.push(a_state(2));
  EXPECT_EQ(queue.pop()->keys, 2U);
  EXPECT_TRUE(queue.empty());
}

TEST(StateQueue, DoesNotLoseAView) {
  StateQueue queue;
  queue.push(a_state(1, true));
  queue.push(a_state(2));
  queue.push(a_state(3));
  const auto first = queue.pop();
  EXPECT_EQ(first->keys, 1U);
  EXPECT_TRUE(first->view);
  EXPECT_EQ(queue.pop()->keys, 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(StateQueue, ANewerViewReplacesAll) {
  StateQueue queue;
  queue.push(a_state(1, true));
  queue.push(a_state(2));
  queue.push(a_state(3, true));
  EXPECT_EQ(queue.pop()->keys, 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(StateQueue, DoesNotLoseANonce) {
  StateQueue queue;
  queue.push(a_state(1, false, 8));
  queue.push(a_state(2));
  EXPECT_EQ(queue.pop()->nonce, 8U);
  queue.push(a_state(3));
  EXPECT_EQ(queue.pop()->nonce, 0U);
}

TEST(StateQueue, ABeatIsNewsOnlyWhereNothingElseIs) {
  StateQueue queue;
  queue.push_beat();
  EXPECT_FALSE(queue.empty());
  EXPECT_FALSE(queue.pop());
  EXPECT_TRUE(queue.empty());
  queue.push_beat();
  queue.push(a_state(1));
  queue.push_beat();
  EXPECT_TRUE(queue.pop());
  EXPECT_TRUE(queue.empty());
}

TEST(Merged, KeepsWhatTheOlderAskedFor) {
  const std::vector<Peer> peers{{PodName("a"), ShardId{0}, "127.0.0.1:1"}};
  const std::vector<Peer> other{{PodName("b"), ShardId{0}, "127.0.0.1:2"}};
  auto message = merged({.report_nonce = 5, .want_view = true, .peers = peers}, {.report_nonce = 0});
  EXPECT_EQ(message.report_nonce, 5U);
  EXPECT_TRUE(message.want_view);
  EXPECT_EQ(message.peers, peers);
  message = merged(message, {.report_nonce = 6, .peers = other});
  EXPECT_EQ(message.report_nonce, 6U);
  EXPECT_EQ(message.peers, other);
}

TEST(Backoff, IsShortAtFirstAndGrowsLater) {
  Backoff backoff(1);
  const auto within = [](std::chrono::microseconds pause, milliseconds most) {
    return pause <= most && pause > most * 3 / 4 - milliseconds(1);
  };
  EXPECT_TRUE(within(backoff.next(seconds(0)), milliseconds(20)));
  EXPECT_TRUE(within(backoff.next(seconds(0)), milliseconds(40)));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(within(backoff.next(seconds(2)), milliseconds(50)));
  EXPECT_TRUE(within(backoff.next(seconds(3)), milliseconds(100)));
  EXPECT_TRUE(within(backoff.next(seconds(3)), milliseconds(200)));
  for (int i = 0; i < 10; ++i) static_cast<void>(backoff.next(seconds(4)));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(within(backoff.next(seconds(9)), milliseconds(1000)));
  backoff.reset();
  EXPECT_TRUE(within(backoff.next(seconds(9)), milliseconds(20)));
}

TEST(Backoff, DiffersBetweenLinks) {
  Backoff one(1), other(2);
  int equal = 0;
  for (int i = 0; i < 20; ++i) equal += one.next(seconds(0)) == other.next(seconds(0)) ? 1 : 0;
  EXPECT_LT(equal, 5);
}

TEST(Utf8, KeepsCharactersAndReplacesWhatIsNone) {
  EXPECT_EQ(to_utf8("plain ö € 𝄞", 100), "plain ö € 𝄞");
  EXPECT_EQ(to_utf8("\xff", 9), "?");
  EXPECT_EQ(to_utf8("a\xc3", 9), "a?");               // half a letter
  EXPECT_EQ(to_utf8("\xc0\xaf", 9), "??");            // overlong
  EXPECT_EQ(to_utf8("\xe0\x80\xaf", 9), "???");       // overlong
  EXPECT_EQ(to_utf8("\xed\xa0\x80", 9), "???");       // surrogate
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80", 9), "????");  // beyond Unicode
  EXPECT_EQ(to_utf8("\xe2\x82xx", 9), "??xx");
  EXPECT_EQ(to_utf8("öö", 3), "ö") << "cut between characters";
  EXPECT_EQ(to_utf8("", 3), "");
}

TEST(BeatInterval, IsTwoFifthsOfTheNodeTimeoutAtMostFiveSeconds) {
  EXPECT_EQ(beat_interval(milliseconds(5000)), milliseconds(2000));
  EXPECT_EQ(beat_interval(milliseconds(500)), milliseconds(200));
  EXPECT_EQ(beat_interval(milliseconds(60000)), milliseconds(5000));
  EXPECT_EQ(beat_interval(milliseconds(0)), milliseconds(10));
}

}  // namespace
}  // namespace shardkeeper::rpc
