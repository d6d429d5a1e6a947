#include "agent/core/agent_core.h"

#include "tests/support/fake_peer_calls.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"
#include "tests/support/fake_volume.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::FakeServerPort;
using test::id_text;
using test::node_id;

const rpc::Caller kCoordinator{rpc::Caller::Kind::kCoordinator, "coordinator"};
const rpc::Caller kPeer{rpc::Caller::Kind::kPeer, "other-pod"};

class AgentCoreTest : public testing::Test {
 protected:
  AgentCoreTest() {
    config_.pod = PodName("pod-1");
    config_.announced = {"127.0.0.1", 6379, 16379};
    config_.hung_after = 30s;
  }
  void start_agent() { core_ = std::make_unique<AgentCore>(config_, scheduler_, server_, volume_, peers_); }
  void start_server() {
    volume_.start_server();
    server_.connect();
    scheduler_.run_posted();
  }
  void be_a_primary() {
    server_.slots = "0-99";
    server_.epoch = 3;
    server_.state_ok = true;
    server_.known_nodes = 4;
    server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 4, "100-199") +
                         FakeServerPort::row('c', "127.0.0.3:6379@16379", "master", "-", 5, "200-299") +
                         FakeServerPort::row('d', "127.0.0.4:6379@16379", "slave", id_text('a'), 3);
  }
  void start_ready_primary() {
    be_a_primary();
    start_agent();
    start_server();
    ASSERT_EQ(reason(), "Ready");
  }
  void run_for(Duration duration) { scheduler_.run_for(duration); }
  std::string reason() { return std::string(to_string(core_->state().readiness.reason)); }
  std::string execute(const rpc::Caller& caller, std::uint64_t token, const command::Command& command) {
    std::string result = "never finished";
    core_->execute(caller, FenceToken{token}, command, [&](const Result<command::Outcome>& outcome) {
      result = !outcome ? std::string(to_string(outcome.error().kind)) : outcome->already_so ? "already so" : "done";
    });
    scheduler_.run_posted();
    return result;
  }
  void watch(std::uint64_t stream) {
    core_->watch_opened(stream, [this](const NodeState* state) {
      if (state != nullptr) seen_.push_back(*state);
    });
    scheduler_.run_posted();
  }

  CoreConfig config_;
  test::FakeScheduler scheduler_;
  FakeServerPort server_{scheduler_};
  test::FakeVolume volume_;
  test::FakePeerCalls peers_{scheduler_};
  std::vector<NodeState> seen_;
  std::unique_ptr<AgentCore> core_;
};

TEST_F(AgentCoreTest, FollowsAServerFromGateToReady) {
  start_agent();
  EXPECT_EQ(reason(), "GateShut");
  volume_.ask_start("s1");
  EXPECT_TRUE(core_->state().gate.is_waiting());
  volume_.start_server();
  EXPECT_EQ(reason(), "Starting");
  EXPECT_GT(server_.reconnects, 0);
  server_.is_loading = true;
  server_.connect();
  scheduler_.run_posted();
  EXPECT_EQ(reason(), "Loading");
  server_.is_loading = false;
  run_for(20ms);
  EXPECT_EQ(reason(), "NotAMember");
  be_a_primary();
  server_.slots = "";
  server_.state_ok = false;
  run_for(20ms);
  EXPECT_EQ(reason(), "ClusterStateFail");
  server_.state_ok = true;
  run_for(20ms);
  EXPECT_EQ(reason(), "NoSlots");
  server_.slots = "0-99";
  run_for(120ms);  // this server's summary does not count slots
  EXPECT_EQ(reason(), "Ready");
  EXPECT_EQ(core_->state().slots, SlotSet::of(0, 99));
  EXPECT_EQ(core_->state().config_epoch, Epoch{3});
  EXPECT_NE(core_->state().view_hash, 0U);
  EXPECT_EQ(core_->state().version, (ServerVersion{9, 1, 2}));
}

TEST_F(AgentCoreTest, TellsADeathAtOnceAndWhoDied) {
  start_ready_primary();
  watch(1);
  seen_.clear();
  volume_.kill_server();
  scheduler_.run_posted();
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].condition, ServerCondition::kDown);
  EXPECT_TRUE(seen_[0].gate.is_known_dead());
  ASSERT_TRUE(seen_[0].last_life);
  EXPECT_EQ(seen_[0].last_life->node_id, node_id('a'));
  EXPECT_EQ(seen_[0].last_life->slots, SlotSet::of(0, 99));
  EXPECT_EQ(reason(), "GateShut");
}

TEST_F(AgentCoreTest, TellsANewStartRequest) {
  start_agent();
  watch(1);
  seen_.clear();
  volume_.ask_start("s1");
  scheduler_.run_posted();
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_TRUE(seen_[0].gate.is_waiting());
}

TEST_F(AgentCoreTest, KeepsALifeForItsSuccessor) {
  start_ready_primary();
  EXPECT_GE(volume_.lives_kept, 1);
  const int kept = volume_.lives_kept;
  server_.offset = 5'000;
  run_for(10s);
  EXPECT_EQ(volume_.lives_kept, kept) << "not for every offset";
  core_.reset();
  volume_.kill_server();
  server_.disconnect();
  start_agent();
  ASSERT_TRUE(core_->state().last_life);
  EXPECT_EQ(core_->state().last_life->node_id, node_id('a'));
}

TEST_F(AgentCoreTest, CallsAServerHungThatWasSilentForTheLimit) {
  start_ready_primary();
  server_.is_silent = true;
  run_for(29s);
  EXPECT_EQ(reason(), "Ready");
  run_for(2s);
  EXPECT_EQ(reason(), "Hung");
  EXPECT_EQ(core_->state().node_id, node_id('a')) << "what was known of it stays";
  server_.disconnect();
  EXPECT_EQ(reason(), "Hung");
  server_.is_silent = false;
  server_.connect();
  scheduler_.run_posted();
  EXPECT_EQ(reason(), "Ready");
}

TEST_F(AgentCoreTest, NeverCallsAServerHungThatHasNotAnswered) {
  start_agent();
  volume_.start_server();
  run_for(60s);
  EXPECT_EQ(reason(), "Starting");
}

TEST_F(AgentCoreTest, TakesAnotherProcessForWhatItIs) {
  start_ready_primary();
  volume_.kill_server();
  server_.disconnect();
  server_.run_id = "run-2";
  server_.slots = "";
  server_.other_rows = "";
  volume_.start_server();
  EXPECT_EQ(reason(), "Starting");
  EXPECT_FALSE(core_->state().node_id);
  server_.connect();
  scheduler_.run_posted();
  EXPECT_EQ(reason(), "NotAMember");
}

TEST_F(AgentCoreTest, SurvivesGarbage) {
  start_ready_primary();
  server_.other_rows = "no such line\n";
  run_for(1s);
  EXPECT_EQ(reason(), "Ready") << "until it counts as silent";
  run_for(30s);
  EXPECT_EQ(reason(), "Hung");
  EXPECT_GT(core_->counters().rounds_failed, 0U);
}

TEST_F(AgentCoreTest, IsLazyAtRest) {
  start_ready_primary();
  run_for(10s);
  server_.light_rounds = server_.full_rounds = 0;
  run_for(60s);
  EXPECT_NEAR(server_.light_rounds, 50, 3);
  EXPECT_NEAR(server_.full_rounds, 11, 3);
}

TEST_F(AgentCoreTest, LooksAtTheTableWhenTheSummaryMoves) {
  start_ready_primary();
  run_for(10s);
  server_.flags = "myself,slave";
  server_.primary = id_text('d');
  server_.slots = "";
  server_.role = "slave";
  server_.epoch = 9;
  run_for(1s);
  EXPECT_EQ(core_->state().role, Role::kReplica);
}

TEST_F(AgentCoreTest, AnswersAReportWithAFreshState) {
  start_ready_primary();
  watch(1);
  run_for(10s);
  seen_.clear();
  server_.offset = 4'242;
  core_->watch_message(1, {FenceToken{1}, 17, true, 5s, {}});
  scheduler_.run_posted();
  ASSERT_FALSE(seen_.empty());
  EXPECT_EQ(seen_.back().nonce, 17U);
  EXPECT_EQ(seen_.back().replication.offset_bytes, 4'242U);
  const bool had_view = std::ranges::any_of(seen_, [](const NodeState& state) { return state.view.has_value(); });
  EXPECT_TRUE(had_view);
}

TEST_F(AgentCoreTest, DoesNotAnswerAReportWithOldKnowledge) {
  start_ready_primary();
  watch(1);
  run_for(10s);
  server_.is_silent = true;
  core_->watch_message(1, {FenceToken{1}, 17, false, 5s, {}});
  run_for(5s);
  EXPECT_TRUE(std::ranges::none_of(seen_, [](const NodeState& state) { return state.nonce == 17; }));
  server_.disconnect();
  volume_.kill_server();
  scheduler_.run_posted();
  EXPECT_EQ(seen_.back().nonce, 17U) << "no process: this is all there is to say";
  EXPECT_EQ(seen_.back().condition, ServerCondition::kDown);
}

TEST_F(AgentCoreTest, SamplesForPeers) {
  start_ready_primary();
  std::vector<NodeState> states;
  core_->sample(true, [&](Result<NodeState> state) { states.push_back(*std::move(state)); });
  scheduler_.run_posted();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_TRUE(states[0].view);
  server_.disconnect();
  volume_.kill_server();
  core_->sample(false, [&](Result<NodeState> state) { states.push_back(*std::move(state)); });
  scheduler_.run_posted();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].condition, ServerCondition::kDown);
}

// An importing node that stalls must not look as clean as it was before it imported.
TEST_F(AgentCoreTest, NeverAnswersASampleFromMemory) {
  start_ready_primary();
  std::vector<std::string> answers;
  const auto sample = [&] {
    core_->sample(false, [&](const Result<NodeState>& state) { answers.push_back(state ? "a state" : to_string(state.error())); });
    scheduler_.run_posted();
  };
  server_.is_silent = true;
  sample();
  EXPECT_TRUE(answers.empty()) << "the server has not answered";
  server_.disconnect();
  scheduler_.run_posted();
  ASSERT_EQ(answers, std::vector<std::string>{"server: it could not be sampled: connection lost"});
  sample();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1], "server: it could not be sampled: it is not connected");
  // What the server has never told cannot be old.
  run_for(31s);
  ASSERT_EQ(core_->state().condition, ServerCondition::kHung);
  sample();
  EXPECT_EQ(answers.back(), "a state");
}

TEST_F(AgentCoreTest, ObeysTheHighestTokenOnly) {
  start_ready_primary();
  EXPECT_EQ(execute(kCoordinator, 5, command::Forget{{node_id('c')}}), "done");
  EXPECT_EQ(volume_.token(), FenceToken{5});
  EXPECT_EQ(execute(kCoordinator, 4, command::Forget{{node_id('c')}}), "conflict");
  volume_.disk_is_full = true;
  EXPECT_EQ(execute(kCoordinator, 6, command::Forget{{node_id('c')}}), "unavailable")
      << "a token that cannot be kept is no right to command";
  EXPECT_EQ(execute(kCoordinator, 5, command::Forget{{node_id('c')}}), "done");
  EXPECT_EQ(core_->state().token_max, FenceToken{5});
  EXPECT_EQ(execute(kPeer, 9, command::Forget{{node_id('c')}}), "refused");
}

TEST_F(AgentCoreTest, WatchesAFailoverClosely) {
  start_ready_primary();
  run_for(10s);
  server_.full_rounds = 0;
  execute(kPeer, 0, command::TakeTicket{{PodName("pod-2"), command::FailoverMode::kGraceful, "agent:pod-2", 2s}});
  run_for(500ms);
  EXPECT_GT(server_.full_rounds, 40);
}

TEST_F(AgentCoreTest, FencesAnIsolatedPrimaryAndLiftsTheFenceLater) {
  server_.min_replicas_to_write = 1;
  start_ready_primary();
  run_for(10s);
  const auto rows = server_.other_rows;
  server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master,fail?", "-", 4, "100-199") +
                       FakeServerPort::row('c', "127.0.0.3:6379@16379", "master,fail?", "-", 5, "200-299");
  server_.state_ok = false;
  run_for(3s);
  EXPECT_EQ(server_.min_replicas_to_write, 255);
  EXPECT_TRUE(core_->state().fenced);
  server_.other_rows = rows;
  server_.state_ok = true;
  run_for(2s);
  EXPECT_EQ(reason(), "Fenced");
  run_for(6s);
  EXPECT_EQ(server_.min_replicas_to_write, 1) << "what it was before";
  EXPECT_EQ(reason(), "Ready");
}

TEST_F(AgentCoreTest, DoesNotFenceWhileTheCoordinatorSpeaks) {
  start_ready_primary();
  watch(1);
  server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master,fail?", "-", 4, "100-199") +
                       FakeServerPort::row('c', "127.0.0.3:6379@16379", "master,fail?", "-", 5, "200-299");
  for (int i = 0; i < 20; ++i) {
    core_->watch_message(1, {FenceToken{1}, 0, false, 5s, {}});
    run_for(1s);
  }
  EXPECT_EQ(server_.min_replicas_to_write, 0);
  for (int i = 0; i < 10; ++i) {
    core_->watch_message(1, {FenceToken{0}, 0, false, 5s, {}});  // one that was replaced
    run_for(1s);
  }
  EXPECT_EQ(server_.min_replicas_to_write, 255);
}

NodeState replica_state(std::uint64_t offset) {
  NodeState state;
  state.condition = ServerCondition::kUp;
  state.role = Role::kReplica;
  state.primary_id = node_id('a');
  state.config_epoch = Epoch{3};
  state.replication = {id_text('e'), offset, true, {}, false, true, {}};
  return state;
}

// The primary a has replicas r1 and r2; x is of another shard.
class WithPeers : public AgentCoreTest {
 protected:
  WithPeers() { peers_.states = {{"r1", replica_state(100)}, {"r2", replica_state(200)}, {"x", replica_state(900)}}; }
  void start_with_peers() {
    start_ready_primary();
    watch(1);
    core_->watch_message(1, {FenceToken{1}, 0, false, 5s, {peer("pod-1", 0), peer("r1", 0), peer("r2", 0), peer("x", 1)}});
    run_for(100ms);
  }
  static rpc::Peer peer(const char* pod, int shard) { return {PodName(pod), ShardId{shard}, "127.0.0.1:1"}; }
  const command::Failover& asked() { return std::get<command::Failover>(peers_.executed.at(0).second); }
  void kill_server() {
    volume_.kill_server();
    server_.disconnect();
  }
  std::vector<std::string> hand_over() {
    lines_.clear();
    core_->hand_over([this](const std::string& line) { lines_.push_back(line); });
    return lines_;
  }
  std::vector<std::string> lines_;
};

TEST_F(WithPeers, ChoosesASuccessorWhenNoCoordinatorDoes) {
  start_with_peers();
  kill_server();
  run_for(999ms);
  EXPECT_TRUE(peers_.sampled.empty()) << "the coordinator's second";
  run_for(600ms);
  EXPECT_EQ(peers_.sampled, (std::vector<std::string>{"r1", "r2"}));
  ASSERT_EQ(peers_.executed.size(), 1U);
  EXPECT_EQ(peers_.executed[0].first, "r2");
  EXPECT_EQ(asked().mode, command::FailoverMode::kForce);
  EXPECT_EQ(asked().old_primary, node_id('a'));
  EXPECT_EQ(asked().ticket->requester, "agent:pod-1");
  run_for(1min);
  EXPECT_EQ(peers_.executed.size(), 1U) << "never twice";
}

TEST_F(WithPeers, WaitsHalfASecondForAStraggler) {
  server_.replicas = "slave0:ip=127.0.0.9,port=6379,state=online,offset=5,lag=0\r\n";
  peers_.states.erase("r2");
  start_with_peers();
  kill_server();
  run_for(1'499ms);
  EXPECT_TRUE(peers_.executed.empty());
  run_for(1ms);
  ASSERT_EQ(peers_.executed.size(), 1U);
  EXPECT_EQ(peers_.executed[0].first, "r1");
}

TEST_F(WithPeers, LeavesTheChoiceToWhoTookTheTicket) {
  start_with_peers();
  kill_server();
  execute(kCoordinator, 1, command::TakeTicket{{PodName("r1"), command::FailoverMode::kForce, "coordinator:1", 3s}});
  run_for(1min);
  EXPECT_TRUE(peers_.executed.empty());
}

TEST_F(WithPeers, DoesNotChooseWhatElectsOrLivesByItself) {
  peers_.states["r1"].role = Role::kPrimary;
  peers_.states["r1"].slots = SlotSet::of(0, 99);
  start_with_peers();
  kill_server();
  run_for(1min);
  EXPECT_TRUE(peers_.executed.empty()) << "somebody serves the slots";
}

TEST_F(WithPeers, DoesNotChooseWithoutVoters) {
  start_with_peers();
  server_.other_rows = FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 4, "100-199");
  run_for(6s);
  kill_server();
  run_for(1min);
  EXPECT_TRUE(peers_.executed.empty());
}

TEST_F(WithPeers, DoesNotChooseOnceAStartIsGranted) {
  start_with_peers();
  kill_server();
  volume_.ask_start("s2");
  execute(kCoordinator, 1, command::GrantStart{StartId("s2"), "the shard is lost"});
  run_for(1min);
  EXPECT_TRUE(peers_.executed.empty());
}

TEST_F(WithPeers, HandsOverBeforeItIsStopped) {
  start_with_peers();
  hand_over();
  run_for(100ms);
  EXPECT_EQ(lines_, std::vector<std::string>{"handing over to r2"});
  ASSERT_EQ(peers_.executed.size(), 1U);
  EXPECT_EQ(asked().mode, command::FailoverMode::kGraceful);
  EXPECT_EQ(asked().seen_epoch, Epoch{3});
  server_.flags = "myself,slave";
  server_.role = "slave";
  server_.primary = id_text('d');
  server_.slots = "";
  run_for(50ms);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_[1], "done handed over to r2");
  const command::Ticket next{PodName("r1"), command::FailoverMode::kGraceful, "coordinator:1", 3s};
  core_->execute(kCoordinator, FenceToken{1}, command::TakeTicket{next}, [&](const Result<command::Outcome>& outcome) {
    EXPECT_EQ(outcome->ticket, next) << "the old ticket ended with its hand-over";
  });
}

TEST_F(WithPeers, SaysWhyAHandOverIsPointless) {
  const auto said = [this] {
    hand_over();
    run_for(2s);
    return lines_.empty() ? "" : lines_.back();
  };
  start_with_peers();
  peers_.states.clear();
  EXPECT_EQ(said(), "done no synced replica to hand over to (no other agent of the shard answered)");
  peers_.states["r1"] = replica_state(1);
  peers_.states["r1"].replication.has_synced = false;
  peers_.states["r2"] = peers_.states["r1"];
  EXPECT_EQ(said(),
            "done no synced replica to hand over to (no replica may take over: r1 has not finished a sync, r2 has not finished a sync)");
  server_.slots = "";
  run_for(6s);
  EXPECT_EQ(said(), "done this primary has no slots");
  kill_server();
  EXPECT_EQ(said(), "done no server runs");
}

TEST_F(WithPeers, GivesUpAHandOverThatIsRefused) {
  start_with_peers();
  peers_.refusal = refused("failover", "not today");
  hand_over();
  run_for(5s);
  EXPECT_EQ(peers_.executed.size(), 3U);
  EXPECT_EQ(lines_.back(), "done given up after 3 attempts");
}

TEST_F(WithPeers, HandsOverOnceSlotsHaveTheirNewOwner) {
  start_with_peers();
  server_.migrations = {{"EXPORT", "5-9", "failover-granted"}};
  hand_over();
  run_for(1s);
  EXPECT_EQ(lines_, std::vector<std::string>{"waiting: slots 5-9 change their owner at this moment"});
  EXPECT_TRUE(peers_.executed.empty());
  server_.migrations[0].state = "success";
  run_for(200ms);
  ASSERT_EQ(peers_.executed.size(), 1U);
  EXPECT_EQ(lines_.back(), "handing over to r2");
}

TEST_F(WithPeers, DoesNotWaitForEverForSlotsThatStandStill) {
  start_with_peers();
  server_.migrations = {{"IMPORT", "5-9", "failover-requested"}};
  hand_over();
  run_for(15s);
  EXPECT_TRUE(peers_.executed.empty());
  EXPECT_EQ(lines_.back(), "done given up: slots 5-9 change their owner at this moment");
}

TEST_F(WithPeers, WaitsForAHandOverThatSomebodyElseAskedFor) {
  start_with_peers();
  execute(kCoordinator, 1, command::TakeTicket{{PodName("r1"), command::FailoverMode::kGraceful, "coordinator:1", 3s}});
  hand_over();
  run_for(1s);
  EXPECT_EQ(lines_, std::vector<std::string>{"a hand-over to r1 is under way, asked for by coordinator:1"});
  EXPECT_TRUE(peers_.executed.empty());
}

}  // namespace
}  // namespace shardkeeper::agent
