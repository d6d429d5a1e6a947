// Commands and samples over real gRPC: from the coordinator and from peers.
#include "tests/unit/rpc/rpc_fixture.h"

namespace shardkeeper::rpc::test {
namespace {

using std::chrono::milliseconds;

const NodeId kNode = NodeId::parse("0123456789abcdef0123456789abcdef01234567").value();
const command::Ticket kTicket{PodName("cache-b"), command::FailoverMode::kForce, "agent:cache-a", milliseconds(500)};

class Commands : public RpcTest {
 protected:
  // A link that is up.
  std::unique_ptr<Watched> connected() {
    auto watched = watch("cache-a", address_of(*server_));
    EXPECT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
    return watched;
  }

  RecordingAgent agent_{"cache-a"};
  std::unique_ptr<AgentServer> server_ = serve(agent_, "cache-a");
};

TEST_F(Commands, ReachTheAgentAsTheyWere) {
  const auto watched = connected();
  const command::Command sent = command::Failover{command::FailoverMode::kForce, kNode, Epoch{9}, kTicket};
  agent_.answer = command::Outcome{.already_so = true, .ticket = kTicket};
  const auto answer = execute(*watched->link, sent);
  EXPECT_EQ(answer.value(), agent_.answer.value());
  ASSERT_EQ(agent_.calls.size(), 1U);
  EXPECT_EQ(agent_.calls[0].command, sent);
  EXPECT_EQ(agent_.calls[0].token, FenceToken{7});
  EXPECT_EQ(agent_.calls[0].caller.kind, Caller::Kind::kCoordinator);
}

TEST_F(Commands, BringTheAgentsErrorBack) {
  const auto watched = connected();
  for (const auto kind : {ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome, ErrorKind::kConflict, ErrorKind::kNotFound,
                          ErrorKind::kRefused, ErrorKind::kInvalid}) {
    agent_.answer = Error{kind, "forget", "ERR I tried hard but I can't forget myself…"};
    const auto answer = execute(*watched->link, command::Shutdown{});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), (Error{kind, "agent of pod cache-a: forget", agent_.answer.error().detail}));
  }
}

TEST_F(Commands, AreRefusedWhileNotConnected) {
  const auto watched = watch("cache-a", ip() + ":1");
  const auto answer = execute(*watched->link, command::Shutdown{});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(answer.error().detail.starts_with("is not connected: ")) << answer.error().detail;
}

TEST_F(Commands, WithoutAnAnswerInTimeHaveAnUnknownOutcome) {
  const auto watched = connected();
  agent_.holds_answers = true;
  const auto answer = execute(*watched->link, command::Shutdown{}, milliseconds(50));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(agent_.calls.size(), 1U);
  for (const auto& done : agent_.held) done(command::Outcome{});  // late: nothing may happen
  loop_.run_for(milliseconds(5));
}

TEST_F(Commands, UnderWayWhenTheAgentEndsAreAnsweredAtOnce) {
  const auto watched = connected();
  agent_.holds_answers = true;
  std::optional<Result<command::Outcome>> answer;
  watched->link->execute(FenceToken{7}, command::Shutdown{}, std::chrono::seconds(60),
                         [&](Result<command::Outcome> result) { answer = std::move(result); });
  ASSERT_TRUE(loop_.run_until([&] { return agent_.calls.size() == 1; }));
  server_.reset();
  ASSERT_TRUE(loop_.run_until([&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::kUnavailable) << "it said itself that it is ending";
  for (const auto& done : agent_.held) done(command::Outcome{});
}

TEST_F(Commands, ThatTheAgentForgetsAreAnsweredAnyway) {
  const auto watched = connected();
  agent_.holds_answers = true;
  std::optional<Result<command::Outcome>> answer;
  watched->link->execute(FenceToken{7}, command::Shutdown{}, std::chrono::seconds(60),
                         [&](Result<command::Outcome> result) { answer = std::move(result); });
  ASSERT_TRUE(loop_.run_until([&] { return !agent_.held.empty(); }));
  agent_.held.clear();
  ASSERT_TRUE(loop_.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().kind, ErrorKind::kUnknownOutcome);
}

TEST_F(Commands, OfADestroyedLinkAreNotAnswered) {
  agent_.holds_answers = true;
  int answers = 0;
  for (int stage = 0; stage < 10; ++stage) {
    auto watched = connected();
    const auto calls_before = agent_.calls.size();
    watched->link->execute(FenceToken{7}, command::Shutdown{}, std::chrono::seconds(60),
                           [&](const Result<command::Outcome>&) { ++answers; });
    const bool arrives = stage % 2 == 0;  // else the link goes while the command is on its way
    ASSERT_TRUE(loop_.run_until([&] { return !arrives || agent_.calls.size() > calls_before; }));
    watched.reset();
    for (const auto& done : agent_.held) done(command::Outcome{});
    agent_.held.clear();
    loop_.run_for(milliseconds(5));
  }
  EXPECT_EQ(answers, 0);
}

TEST_F(Commands, ALinkMayDestroyItselfInAnAnswer) {
  auto watched = connected();
  bool answered = false;
  watched->link->execute(FenceToken{7}, command::Shutdown{}, std::chrono::seconds(10), [&](const Result<command::Outcome>&) {
    answered = true;
    watched->link.reset();
  });
  EXPECT_TRUE(loop_.run_until([&] { return answered; }));
}

TEST_F(Commands, BeyondSixtyFourAtATimeAreToldToWait) {
  const auto watched = connected();
  agent_.holds_answers = true;
  std::vector<Result<command::Outcome>> answers;
  for (int i = 0; i < 70; ++i)
    watched->link->execute(FenceToken{7}, command::Shutdown{}, std::chrono::seconds(60),
                           [&](Result<command::Outcome> result) { answers.push_back(std::move(result)); });
  ASSERT_TRUE(loop_.run_until([&] { return answers.size() == 6; }));
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(agent_.calls.size(), 64U);
  for (const auto& done : std::exchange(agent_.held, {})) done(command::Outcome{});
  EXPECT_TRUE(loop_.run_until([&] { return answers.size() == 70; }));
}

class PeerToPeer : public Commands {
 protected:
  Result<command::Outcome> execute(const command::Command& command) {
    std::optional<Result<command::Outcome>> answer;
    peers_.execute(peer(), command, [&](Result<command::Outcome> result) { answer = std::move(result); });
    EXPECT_FALSE(answer) << "answered before execute returned";
    if (!loop_.run_until([&] { return answer.has_value(); })) return invalid("test", "no answer came");
    return *answer;
  }
  Peer peer() const { return {PodName("cache-a"), ShardId{0}, address_of(*server_)}; }

  GrpcPeerCalls peers_{kCluster, agent_identity("cache-b"), loop_.scheduler()};
};

TEST_F(PeerToPeer, TakesTheTicketAndFailsOverUnderOne) {
  EXPECT_TRUE(execute(command::TakeTicket{kTicket}));
  EXPECT_TRUE(execute(command::Failover{command::FailoverMode::kForce, kNode, Epoch{9}, kTicket}));
  ASSERT_EQ(agent_.calls.size(), 2U);
  EXPECT_EQ(agent_.calls[0].caller.kind, Caller::Kind::kPeer);
  EXPECT_EQ(agent_.calls[0].caller.name, "cache-b");
}

TEST_F(PeerToPeer, MayNotCommand) {
  for (const command::Command& command :
       {command::Command(command::Shutdown{}), command::Command(command::GrantStart{StartId("x"), ""}),
        command::Command(command::Failover{command::FailoverMode::kForce, kNode, Epoch{9}, std::nullopt}),
        command::Command(command::Failover{command::FailoverMode::kTakeover, kNode, Epoch{9}, kTicket})}) {
    const auto answer = execute(command);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kRefused) << to_string(answer.error());
  }
  EXPECT_TRUE(agent_.calls.empty());
}

TEST_F(PeerToPeer, GetsAFreshSampleWithTheView) {
  agent_.state.view = TopologyView{};
  agent_.state.keys = 3;
  std::optional<Result<NodeState>> sampled;
  peers_.sample(peer(), [&](Result<NodeState> state) { sampled = std::move(state); });
  ASSERT_TRUE(loop_.run_until([&] { return sampled.has_value(); }));
  EXPECT_EQ(sampled->value(), agent_.state);
  EXPECT_EQ(agent_.samples, std::vector<bool>{true});
}

TEST_F(PeerToPeer, SaysThatTheServerCouldNotBeAsked) {
  agent_.sample_error = unavailable("server", "it did not answer");
  std::optional<Result<NodeState>> sampled;
  peers_.sample(peer(), [&](Result<NodeState> state) { sampled = std::move(state); });
  ASSERT_TRUE(loop_.run_until([&] { return sampled.has_value(); }));
  ASSERT_FALSE(*sampled);
  EXPECT_EQ(sampled->error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(sampled->error().detail, "it did not answer");
}

TEST_F(PeerToPeer, SaysWhenNobodyIsThere) {
  const Peer nobody{PodName("cache-a"), ShardId{0}, ip() + ":1"};
  std::optional<Result<NodeState>> sampled;
  peers_.sample(nobody, [&](Result<NodeState> state) { sampled = std::move(state); });
  ASSERT_TRUE(loop_.run_until([&] { return sampled.has_value(); }));
  EXPECT_EQ(sampled->error().kind, ErrorKind::kUnavailable);
}

TEST_F(PeerToPeer, IsSilentAfterItsEnd) {
  agent_.holds_answers = true;
  int answers = 0;
  for (int stage = 0; stage < 10; ++stage) {
    auto peers = std::make_unique<GrpcPeerCalls>(kCluster, agent_identity("cache-b"), loop_.scheduler());
    peers->execute(peer(), command::TakeTicket{kTicket}, [&](const Result<command::Outcome>&) { ++answers; });
    loop_.run_for(milliseconds(stage));
    peers.reset();
    loop_.run_for(milliseconds(5));
  }
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace shardkeeper::rpc::test
