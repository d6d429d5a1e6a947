// When passes run where nothing is to be done: seldom, but an agent's silence is seen when it begins.
#include "coordinator/reconcile/cluster_loop.h"

#include "tests/support/fake_scheduler.h"
#include "tests/unit/plan/cluster_builder.h"
#include "tests/unit/reconcile/still_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Field;
using testing::IsEmpty;

std::vector<model::Pod> pods_of(const model::Snapshot& snapshot) {
  std::vector<model::Pod> pods;
  for (const auto& info : snapshot.pods) pods.push_back(info.pod);
  return pods;
}

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
  StillPlatform platform_{pods_of(healthy_), healthy_.workers};
  StillDialer dialer_;
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

TEST_F(CalmClusterTest, TheEndOfASilenceIsSeenAtOnce) {
  seconds_pass(10, replica_);
  ASSERT_THAT(loop_.decision().findings, Contains(Field(&model::Finding::reason, model::Reason::kAgentSilent)));
  scheduler_.run_for(500ms);
  beat();
  scheduler_.run_posted();
  EXPECT_THAT(loop_.decision().findings, IsEmpty());
}

TEST_F(CalmClusterTest, AStreamThatReopensIsSeenAtOnce) {
  dialer_.agents.at(replica_).on_lost(unavailable("agent", "ended the stream"));
  scheduler_.run_for(500ms);
  passes_ = 0;
  say(replica_);
  scheduler_.run_posted();
  EXPECT_EQ(passes_, 1);
}

TEST_F(CalmClusterTest, IsNoneWhileAStepIsTriedAgain) {
  loop_.set_outside_findings({{model::Reason::kStepFailed, "cluster", "an example"}});
  seconds_pass(10);
  EXPECT_EQ(passes_, 11);
  scheduler_.run_for(500ms);
  say(replica_, [](NodeState& state) { state.replication.offset_bytes += 100; });
  scheduler_.run_posted();
  EXPECT_EQ(passes_, 12) << "counters count";
  loop_.set_outside_findings({});
  scheduler_.run_posted();
  passes_ = 0;
  seconds_pass(60);
  EXPECT_EQ(passes_, 12);
}

TEST_F(CalmClusterTest, IsOneWhoseObjectIsNotRight) {
  loop_.set_outside_findings({{model::Reason::kNotHonoured, "spec.zone", "an example"}});
  scheduler_.run_posted();
  passes_ = 0;
  seconds_pass(60);
  EXPECT_EQ(passes_, 12);
}

}  // namespace
}  // namespace shardkeeper::reconcile
