// Watch streams between a real server and real links.
#include "common/rpc/grpc_library.h"
#include "tests/unit/rpc/rpc_fixture.h"

#include "shardkeeper/agent/v1/agent.grpc.pb.h"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <iostream>

namespace shardkeeper::rpc::test {
namespace {

using std::chrono::milliseconds;

class Watch : public RpcTest {
 protected:
  RecordingAgent agent_{"cache-a"};
  std::unique_ptr<AgentServer> server_ = serve(agent_, "cache-a");
};

TEST_F(Watch, TellsTheStateAndChanges) {
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  EXPECT_EQ(watched->states.back(), agent_.state);
  agent_.state.slots = SlotSet::of(0, 99);
  agent_.state.keys = 5;
  agent_.pushes.begin()->second(&agent_.state);
  ASSERT_TRUE(loop_.run_until([&] { return watched->states.size() > 1; }));
  EXPECT_EQ(watched->states.back(), agent_.state);
  agent_.pushes.begin()->second(nullptr);
  EXPECT_TRUE(loop_.run_until([&] { return watched->beats == 1; }));
  EXPECT_TRUE(watched->losses.empty());
}

TEST_F(Watch, SaysAtOnceWhoWatchesAndThenBeats) {
  const auto watched = watch("cache-a", address_of(*server_), milliseconds(90), FenceToken{11});
  ASSERT_TRUE(loop_.run_until([&] { return agent_.messages.size() >= 4; }));
  EXPECT_EQ(agent_.messages[0].token, FenceToken{11});
  EXPECT_EQ(agent_.messages[0].node_timeout, milliseconds(90));
  EXPECT_EQ(agent_.messages[0].report_nonce, 0U);
}

TEST_F(Watch, AsksForReportsViewsAndTellsPeers) {
  agent_.state.view = TopologyView{};
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  watched->link->report_now(42);
  ASSERT_TRUE(loop_.run_until([&] { return watched->states.back().nonce == 42; }));
  watched->link->ask_for_view();
  ASSERT_TRUE(loop_.run_until([&] { return agent_.messages.back().want_view; }));
  const std::vector<Peer> peers{{PodName("cache-b"), ShardId{1}, "127.0.0.1:9780"}};
  watched->link->set_peers(peers);
  ASSERT_TRUE(loop_.run_until([&] { return agent_.messages.back().peers == peers; }));
}

TEST_F(Watch, AskedInOneBreathIsNotLost) {
  const auto watched = watch("cache-a", address_of(*server_));
  const std::vector<Peer> peers{{PodName("cache-b"), ShardId{1}, "127.0.0.1:9780"}};
  watched->link->report_now(1);
  watched->link->ask_for_view();
  watched->link->set_peers(peers);
  watched->link->report_now(2);
  const auto heard = [&](auto predicate) { return std::ranges::any_of(agent_.messages, predicate); };
  EXPECT_TRUE(loop_.run_until([&] {
    return heard([](const auto& m) { return m.report_nonce == 2; }) && heard([](const auto& m) { return m.want_view; }) &&
           heard([&](const auto& m) { return m.peers == peers; });
  }));
}

TEST_F(Watch, ANewStreamRepeatsWhatStillHolds) {
  agent_.answers_reports = false;
  auto watched = watch("cache-a", address_of(*server_));
  const std::vector<Peer> peers{{PodName("cache-b"), ShardId{1}, "127.0.0.1:9780"}};
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  watched->link->report_now(9);
  watched->link->ask_for_view();
  watched->link->set_peers(peers);
  ASSERT_TRUE(loop_.run_until([&] { return !agent_.messages.empty() && agent_.messages.back().peers == peers; }));
  const int port = server_->port();
  server_.reset();
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  agent_.messages.clear();
  server_ = serve(agent_, "cache-a", port);
  ASSERT_TRUE(loop_.run_until([&] { return !agent_.messages.empty(); }));
  EXPECT_EQ(agent_.messages[0].report_nonce, 9U);
  EXPECT_TRUE(agent_.messages[0].want_view);
  EXPECT_EQ(agent_.messages[0].peers, peers);
}

TEST_F(Watch, IsBackSoonAfterARestart) {
  const auto watched = watch("cache-a", address_of(*server_));
  std::vector<milliseconds> times;
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
    const int port = server_->port();
    server_.reset();
    ASSERT_TRUE(loop_.run_until([&] { return static_cast<int>(watched->losses.size()) > round; }));
    EXPECT_EQ(watched->losses[static_cast<std::size_t>(round)].kind, ErrorKind::kUnavailable);
    loop_.run_for(milliseconds(100));
    server_ = serve(agent_, "cache-a", port);
    watched->states.clear();
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
    times.push_back(std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun));
    watched->losses.resize(static_cast<std::size_t>(round) + 1);
  }
  std::ranges::sort(times);
  std::cout << "stream back after a restart: " << times.front().count() << ".." << times.back().count() << " ms\n";
  EXPECT_LT(times[times.size() / 2].count(), 200);
}

TEST_F(Watch, TriesUntilTheAgentListens) {
  const int port = server_->port();
  server_.reset();
  const auto watched = watch("cache-a", ip() + ":" + std::to_string(port));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0].where, "agent of pod cache-a");
  loop_.run_for(milliseconds(300));
  EXPECT_LE(watched->losses.size(), 2U) << "one loss for a trouble, not one for each try";
  server_ = serve(agent_, "cache-a", port);
  EXPECT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
}

TEST_F(Watch, ServesAnOldCoordinatorAndANewOne) {
  const auto old_one = watch("cache-a", address_of(*server_), kNodeTimeout, FenceToken{1});
  const auto new_one = watch("cache-a", address_of(*server_), kNodeTimeout, FenceToken{2});
  ASSERT_TRUE(loop_.run_until([&] { return agent_.pushes.size() == 2 && !old_one->states.empty() && !new_one->states.empty(); }));
  agent_.state.keys = 77;
  for (const auto& [stream, push] : agent_.pushes) push(&agent_.state);
  EXPECT_TRUE(loop_.run_until([&] { return old_one->states.back().keys == 77 && new_one->states.back().keys == 77; }));
  old_one->link.reset();
  ASSERT_TRUE(loop_.run_until([&] { return agent_.closed == 1; }));
  agent_.state.keys = 78;
  for (const auto& [stream, push] : agent_.pushes) push(&agent_.state);
  EXPECT_TRUE(loop_.run_until([&] { return new_one->states.back().keys == 78; }));
}

TEST_F(Watch, ManyStreamsOfOneAgentAreRefusedTheNinthTime) {
  std::vector<std::unique_ptr<Watched>> watchers(8);
  for (auto& watcher : watchers) watcher = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return agent_.pushes.size() == 8; }));
  const auto ninth = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !ninth->losses.empty(); }));
  EXPECT_EQ(ninth->losses[0].kind, ErrorKind::kUnavailable);
  EXPECT_EQ(ninth->losses[0].detail, "too many watch streams at the same time; try again");
  watchers.pop_back();
  EXPECT_TRUE(loop_.run_until([&] { return !ninth->states.empty(); })) << "a place that falls free is taken";
}

TEST_F(Watch, AStreamWhoseCoordinatorIsSilentMakesRoom) {
  // Raw streams that say one word, and then nothing, as after a netsplit.
  auto arguments = channel_arguments();
  arguments.SetSslTargetNameOverride("cache-a.cache.shardkeeper");
  const auto stub = agent::v1::Agent::NewStub(
      grpc::CreateCustomChannel(target_of(address_of(*server_)), channel_credentials(coordinator_identity()), arguments));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<agent::v1::FromCoordinator, agent::v1::FromAgent>>> silent;
  agent::v1::FromCoordinator word;
  word.set_node_timeout_ms(50);
  for (int i = 0; i < 8; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    silent.push_back(stub->Watch(contexts.back().get()));
    ASSERT_TRUE(silent.back()->Write(word));
  }
  ASSERT_TRUE(loop_.run_until([&] { return agent_.messages.size() == 8; }));
  loop_.run_for(milliseconds(60));
  const auto ninth = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !ninth->states.empty(); }));
  EXPECT_TRUE(ninth->losses.empty());
  EXPECT_EQ(agent_.closed, 1);
  EXPECT_EQ(agent_.pushes.size(), 8U);
  for (const auto& context : contexts) context->TryCancel();
}

TEST_F(Watch, AnAgentThatSaysNothingIsConnectedAnew) {
  agent_.greets = false;
  const auto watched = watch("cache-a", address_of(*server_), milliseconds(100));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0], unavailable("agent of pod cache-a", "said nothing for two node timeouts; connecting anew"));
  agent_.greets = true;
  EXPECT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
}

TEST_F(Watch, ASlowReaderGetsTheNewestStateAndTheViewItAskedFor) {
  // The link reads only while its loop turns: push a lot before it may.
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  const auto push = agent_.pushes.begin()->second;
  for (std::uint64_t keys = 1; keys <= 1000; ++keys) {
    agent_.state.keys = keys;
    agent_.state.view = keys == 500 ? std::optional(TopologyView{}) : std::nullopt;
    push(&agent_.state);
  }
  ASSERT_TRUE(loop_.run_until([&] { return watched->states.back().keys == 1000; }));
  EXPECT_TRUE(std::ranges::any_of(watched->states, [](const auto& state) { return state.view.has_value(); }));
  EXPECT_TRUE(std::ranges::is_sorted(watched->states, {}, &NodeState::keys));
  EXPECT_LE(watched->states.size(), 10U);
}

TEST_F(Watch, ADestroyedLinkIsSilent) {
  // Whatever stage it is in: 0 turns of the loop to a few ms after it was dialled.
  for (int stage = 0; stage < 30; ++stage) {
    auto watched = watch("cache-a", address_of(*server_));
    loop_.run_for(milliseconds(stage));
    watched->link.reset();
    const auto heard = watched->states.size() + static_cast<std::size_t>(watched->beats) + watched->losses.size();
    for (const auto& [stream, push] : agent_.pushes) push(&agent_.state);
    loop_.run_for(milliseconds(5));
    EXPECT_EQ(heard, watched->states.size() + static_cast<std::size_t>(watched->beats) + watched->losses.size());
  }
  EXPECT_TRUE(loop_.run_until([&] { return agent_.pushes.empty(); }));
}

TEST_F(Watch, ALinkMayDestroyItselfInItsCallbacks) {
  std::unique_ptr<AgentLink> link;
  const std::string address = address_of(*server_);
  int ended = 0;
  AgentEvents events{.on_state = [&](const NodeState&) { ++ended, link.reset(); },
                     .on_beat = [] {},
                     .on_lost = [&](const Error&) { ++ended, link.reset(); }};
  link = dialer_.dial(kCluster, PodName("cache-a"), address, FenceToken{1}, kNodeTimeout, events);
  ASSERT_TRUE(loop_.run_until([&] { return ended == 1; }));
  EXPECT_EQ(link, nullptr);
  server_.reset();
  link = dialer_.dial(kCluster, PodName("cache-a"), address, FenceToken{1}, kNodeTimeout, events);
  ASSERT_TRUE(loop_.run_until([&] { return ended == 2; }));
  EXPECT_EQ(link, nullptr);
}

TEST_F(Watch, AServerThatEndsSaysSoAndIsSilent) {
  for (int stage = 0; stage < 10; ++stage) {
    const int closed_before = agent_.closed;
    const auto watched = watch("cache-a", address_of(*server_));
    loop_.run_for(milliseconds(stage));
    const int port = server_->port();
    const auto streams = agent_.pushes;
    server_.reset();
    for (const auto& [stream, push] : streams) push(&agent_.state);  // late: nothing may happen
    agent_.pushes.clear();
    loop_.run_for(milliseconds(5));
    EXPECT_EQ(agent_.closed, closed_before);
    server_ = serve(agent_, "cache-a", port);
  }
}

TEST_F(Watch, FiftyLinksAtOnce) {
  std::vector<std::unique_ptr<RecordingAgent>> agents;
  std::vector<std::unique_ptr<AgentServer>> servers;
  std::vector<std::unique_ptr<Watched>> links;
  for (int i = 0; i < 50; ++i) {
    const std::string pod = "cache-" + std::to_string(i);
    agents.push_back(std::make_unique<RecordingAgent>(pod));
    servers.push_back(serve(*agents.back(), pod));
    ASSERT_NE(servers.back(), nullptr);
  }
  links.reserve(servers.size());
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < servers.size(); ++i) links.push_back(watch("cache-" + std::to_string(i), address_of(*servers[i])));
  ASSERT_TRUE(loop_.run_until([&] { return std::ranges::all_of(links, [](const auto& link) { return !link->states.empty(); }); }));
  const auto took = std::chrono::steady_clock::now() - begun;
  std::cout << "50 links up after " << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
  for (std::size_t i = 0; i < links.size(); ++i) EXPECT_EQ(links[i]->states[0].pod.value, "cache-" + std::to_string(i));
}

TEST_F(Watch, ReportsWithinMilliseconds) {
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  std::vector<std::chrono::microseconds> times;
  for (std::uint64_t nonce = 1; nonce <= 200; ++nonce) {
    const auto asked = std::chrono::steady_clock::now();
    watched->link->report_now(nonce);
    ASSERT_TRUE(loop_.run_until([&] { return watched->states.back().nonce == nonce; }));
    times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - asked));
  }
  std::ranges::sort(times);
  std::cout << "report_now round trip: p50 " << times[100].count() << " us, p99 " << times[197].count() << " us\n";
  EXPECT_LT(times[100].count(), 20'000);
}

}  // namespace
}  // namespace shardkeeper::rpc::test
