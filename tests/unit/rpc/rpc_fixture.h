// Agents and links over real gRPC on loopback with TLS, and what the agents' handlers were told.
#pragma once

#include "common/rpc/agent_client.h"
#include "common/rpc/agent_server.h"
#include "common/rpc/peer_calls.h"
#include "common/tls/authority.h"
#include "tests/support/loopback.h"
#include "tests/unit/rpc/test_loop.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::rpc::test {

// Notes calls, answers commands as told, and pushes states when the test says so.
class RecordingAgent final : public AgentHandler {
 public:
  explicit RecordingAgent(const std::string& pod) { state.pod = PodName(pod); }

  void execute(const Caller& caller, FenceToken token, command::Command command, AgentLink::Done done) override {
    calls.push_back({caller, token, std::move(command)});
    if (holds_answers)
      held.push_back(std::move(done));
    else
      done(answer);
  }
  void sample(bool want_view, Sampled done) override {
    samples.push_back(want_view);
    sample_error ? done(*sample_error) : done(state);
  }
  void watch_opened(std::uint64_t stream, Push push) override {
    pushes[stream] = push;
    if (greets) push(&state);
  }
  void watch_message(std::uint64_t, const FromCoordinator& message) override {
    messages.push_back(message);
    if (message.report_nonce == 0 || !answers_reports) return;
    state.nonce = message.report_nonce;
    for (const auto& [stream, push] : pushes) push(&state);
  }
  void watch_closed(std::uint64_t stream) override {
    pushes.erase(stream);
    ++closed;
  }

  struct Call {
    Caller caller;
    FenceToken token;
    command::Command command;
  };
  NodeState state;
  std::optional<Error> sample_error;
  bool greets = true;  // a state at once, as a real agent does
  bool answers_reports = true;
  Result<command::Outcome> answer = command::Outcome{};
  bool holds_answers = false;
  std::vector<Call> calls;
  std::vector<AgentLink::Done> held;
  std::vector<bool> samples;
  std::map<std::uint64_t, Push> pushes;  // of open streams
  std::vector<FromCoordinator> messages;
  int closed = 0;
};

// A link and what it told.
struct Watched {
  std::vector<NodeState> states;
  int beats = 0;
  std::vector<Error> losses;
  std::unique_ptr<AgentLink> link;  // last: silent once the rest is gone

  AgentEvents events() {
    return {.on_state = [this](NodeState state) { states.push_back(std::move(state)); },
            .on_beat = [this] { ++beats; },
            .on_lost = [this](Error error) { losses.push_back(std::move(error)); }};
  }
};

class RpcTest : public ::testing::Test {
 protected:
  RpcTest() { dialer_.set_identity(kCluster, coordinator_identity()); }

  static inline const ClusterName kCluster{"cache"};
  static constexpr std::chrono::milliseconds kNodeTimeout{5000};

  std::chrono::sys_seconds now() { return std::chrono::sys_seconds(std::chrono::seconds(loop_.scheduler().unix_ms() / 1000)); }
  tls::Identity coordinator_identity() { return authority_.issue_coordinator(now()).value(); }
  tls::Identity agent_identity(const std::string& pod) { return authority_.issue_agent(PodName(pod), now()).value(); }

  // RETURNS null (and fails the test) when it cannot be started. Port 0: a free one.
  std::unique_ptr<AgentServer> serve(AgentHandler& agent, const std::string& pod, int port = 0) {
    auto started = AgentServer::start({.address = ip() + ":" + std::to_string(port), .cluster = kCluster, .identity = agent_identity(pod)},
                                      loop_.scheduler(), agent);
    EXPECT_TRUE(started) << to_string(started.error());
    return started ? std::move(*started) : nullptr;
  }

  std::string ip() const { return loopback_.address(1); }
  std::string address_of(const AgentServer& server) const { return ip() + ":" + std::to_string(server.port()); }
  std::unique_ptr<Watched> watch(const std::string& pod, const std::string& address, std::chrono::milliseconds node_timeout = kNodeTimeout,
                                 FenceToken token = FenceToken{7}) {
    auto watched = std::make_unique<Watched>();
    watched->link = dialer_.dial(kCluster, PodName(pod), address, token, node_timeout, watched->events());
    return watched;
  }

  // Executes and waits for the answer.
  Result<command::Outcome> execute(AgentLink& link, const command::Command& command,
                                   std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
    std::optional<Result<command::Outcome>> answer;
    link.execute(FenceToken{7}, command, deadline, [&](Result<command::Outcome> result) { answer = std::move(result); });
    EXPECT_FALSE(answer) << "answered before execute returned";
    if (!loop_.run_until([&] { return answer.has_value(); })) return invalid("test", "no answer came");
    return *answer;
  }

  shardkeeper::test::LoopbackBlock loopback_;
  TestLoop loop_;
  tls::Authority authority_ = tls::Authority::make(kCluster, now()).value();
  GrpcAgentDialer dialer_{loop_.scheduler()};
};

}  // namespace shardkeeper::rpc::test
