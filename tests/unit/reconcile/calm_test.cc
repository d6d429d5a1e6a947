// When passes run where nothing is to be done: seldom, but an agent's silence is seen when it begins.
#include "coordinator/reconcile/cluster_loop.h"

#include "tests/support/fake_scheduler.h"
#include "tests/unit/plan/cluster_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Field;
using testing::IsEmpty;

// Pods as they are in a snapshot; what is ordered has no effect.
class StillPlatform final : public platform::Platform {
 public:
  explicit StillPlatform(const model::Snapshot& snapshot) {
    for (const auto& info : snapshot.pods) view_.pods.push_back(info.pod);
    view_.workers = snapshot.workers;
  }
  std::string name() const override { return "still"; }
  const platform::PlatformView& view() const override { return view_; }
  void on_change(std::function<void()>) override {}
  std::string agent_address(const model::Pod& pod) const override { return pod.ip + ":9780"; }
  void create(const model::ClusterObject&, const model::PodRequest&, Done) override {}
  void evict(const PodName&, const PodUid&, std::chrono::seconds, Done) override {}
  void remove(const PodName&, const PodUid&, std::chrono::seconds, Done) override {}
  void set_labels(const PodName&, const std::map<std::string, std::string>&, Done) override {}
  void set_condition(const PodName&, const std::string&, bool, const std::string&, Done) override {}

 private:
  platform::PlatformView view_;
};

class StillLink final : public rpc::AgentLink {
 public:
  void report_now(std::uint64_t) override {}
  void ask_for_view() override {}
  void set_peers(std::vector<rpc::Peer>) override {}
  void execute(FenceToken, const command::Command&, std::chrono::milliseconds, Done) override {}
};

class Dialer final : public rpc::AgentDialer {
 public:
  std::unique_ptr<rpc::AgentLink> dial(const ClusterName&, const PodName& pod, const std::string&, FenceToken, std::chrono::milliseconds,
                                       rpc::AgentEvents events) override {
    agents[pod] = std::move(events);
    return std::make_unique<StillLink>();
  }
  std::map<PodName, rpc::AgentEvents> agents;
};

class CalmClusterTest : public testing::Test {
 protected:
  CalmClusterTest() {
    scheduler_.run_posted();
    for (const auto& info : healthy_.pods) say(info.pod.name);
    scheduler_.run_for(500ms);
    beat();
    passes_ = 0;
  }
  void say(
      const PodName& pod, const std::function<void(NodeState&)>& change = [](NodeState&) {}) {
    const auto& info = *std::ranges::find(healthy_.pods, pod, [](const auto& each) { return each.pod.name; });
    NodeState state = *info.state;
    state.view = *healthy_.views.at(state.view_hash);
    change(state);
    dialer_.agents.at(pod).on_state(std::move(state));
  }
  void beat(const PodName& but = PodName()) {
    for (const auto& [pod, events] : dialer_.agents)
      if (pod != but) events.on_beat();
  }
  // Everybody but one beats every second.
  void seconds_pass(int seconds, const PodName& but = PodName()) {
    for (int i = 0; i < seconds; ++i) {
      scheduler_.run_for(1s);
      beat(but);
    }
  }

  const PodName replica_{"vk-1-1"};
  const model::Snapshot healthy_ = test::ClusterBuilder().shards(3).replicas(1).snapshot();
  test::FakeScheduler scheduler_;
  StillPlatform platform_{healthy_};
  Dialer dialer_;
  EventLog events_;
  int passes_ = 0;
  ClusterLoop loop_{
      {scheduler_, platform_, dialer_, events_},
      healthy_.cluster,
      healthy_.token,
      1,
      {.passed = [this](Duration) { ++passes_; }, .higher_token_seen = [](FenceToken) {}, .neighbours = [] { return Neighbours(); }}};
};

TEST_F(CalmClusterTest, IsLookedAtEveryFiveSeconds) {
  ASSERT_THAT(loop_.decision().findings, IsEmpty()) << to_string(loop_.decision().findings.front());
  ASSERT_THAT(loop_.decision().steps, IsEmpty()) << to_string(loop_.decision().steps.front());
  seconds_pass(60);
  EXPECT_EQ(passes_, 12);
}

TEST_F(CalmClusterTest, CountersDoNotWakeIt) {
  say(replica_, [](NodeState& state) { state.replication.offset_bytes += 100; });
  scheduler_.run_for(100ms);
  EXPECT_EQ(passes_, 0);
  say(replica_, [](NodeState& state) { state.replication.link_up = false; });
  scheduler_.run_for(100ms);
  EXPECT_EQ(passes_, 1);
}

TEST_F(CalmClusterTest, SilenceIsSeenWhenItBegins) {
  scheduler_.run_for(2s);
  dialer_.agents.at(replica_).on_beat();
  const TimePoint last_word = scheduler_.now();
  scheduler_.run_for(500ms);
  seconds_pass(4, replica_);
  scheduler_.run_for(last_word + 5s - scheduler_.now());
  const int passes = passes_;
  EXPECT_THAT(loop_.decision().findings, IsEmpty());
  scheduler_.run_for(1ms);
  EXPECT_EQ(passes_, passes + 1);
  EXPECT_THAT(loop_.decision().findings, Contains(Field(&model::Finding::reason, model::Reason::kAgentSilent)));
  seconds_pass(10, replica_);
  EXPECT_EQ(passes_, passes + 11) << "looked at every second until it is heard";
}

TEST_F(CalmClusterTest, WhatTheObjectLacksIsLookedAtEverySecond) {
  loop_.set_outside_findings({{model::Reason::kStepFailed, "cluster", "an example"}});
  seconds_pass(10);
  EXPECT_EQ(passes_, 11);
}

}  // namespace
}  // namespace shardkeeper::reconcile
