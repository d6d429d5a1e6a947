// A step is finished when its effect is observed, not when a call returned.
#include "coordinator/reconcile/in_flight.h"

#include <gtest/gtest.h>

namespace shardkeeper::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{std::chrono::hours(1)};

model::Step order() { return {model::Order{PodName("vk-a"), command::Shutdown{}}, model::Reason::kExtraReplica, {}}; }
model::Step create() { return {model::CreatePod{{{}, ShardId{1}, {}, false, {}}}, model::Reason::kMissingPod, {}}; }

// One pod of shard 1, whose agent reported at `state_at`.
std::vector<model::PodInfo> pods(TimePoint state_at, TimePoint first_seen = kStart - 1min, std::uint64_t nonce = 0) {
  model::PodInfo info;
  info.pod.name = PodName("vk-a");
  info.pod.labels[model::kLabelShard] = "1";
  info.first_seen = first_seen;
  info.state_at = state_at;
  NodeState state;
  state.nonce = nonce;
  info.state = std::make_shared<const NodeState>(state);
  return {info};
}

TEST(InFlightSteps, AnOrderWhoseCallHasNotReturnedStays) {
  InFlightSteps steps;
  steps.started(order(), kStart);
  EXPECT_EQ(steps.settle(pods(kStart + 5s), kStart + 5s), kStart + 10s) << "look again when its answer must be lost";
  EXPECT_EQ(steps.list().size(), 1U);
}

// Its link was dialled anew while the call was under way.
TEST(InFlightSteps, AnOrderWhoseAnswerIsLostEnds) {
  InFlightSteps steps;
  steps.started(order(), kStart);
  EXPECT_EQ(steps.settle(pods(kStart), kStart + 10s), std::nullopt);
  EXPECT_TRUE(steps.list().empty());
  EXPECT_TRUE(steps.failures().empty()) << "it may be given again at once";
}

TEST(InFlightSteps, AnOrderEndsWithTheFirstReportAfterItsCall) {
  InFlightSteps steps;
  steps.started(order(), kStart);
  steps.returned(key_of(order()), {}, kStart + 10ms);
  EXPECT_EQ(steps.settle(pods(kStart + 5ms), kStart + 11ms), kStart + 210ms) << "look again when the report is overdue";
  EXPECT_EQ(steps.list().size(), 1U);
  steps.settle(pods(kStart + 12ms), kStart + 12ms);
  EXPECT_TRUE(steps.list().empty());
}

TEST(InFlightSteps, AnOrderWithoutAReportEndsAfterAWhile) {
  InFlightSteps steps;
  steps.started(order(), kStart);
  steps.returned(key_of(order()), {}, kStart);
  steps.settle(pods(kStart - 1s), kStart + 200ms);
  EXPECT_TRUE(steps.list().empty());
}

TEST(InFlightSteps, AnAskedReportEndsOnlyWithItsNonce) {
  const model::Step ask{model::AskReport{PodName("vk-a"), 7}, model::Reason::kReportWanted, {}};
  InFlightSteps steps;
  steps.started(ask, kStart);
  steps.returned(key_of(ask), {}, kStart);
  steps.settle(pods(kStart + 10ms, kStart - 1min, 6), kStart + 10ms);
  EXPECT_EQ(steps.list().size(), 1U);
  steps.settle(pods(kStart + 20ms, kStart - 1min, 7), kStart + 20ms);
  EXPECT_TRUE(steps.list().empty());
}

TEST(InFlightSteps, APodIsMadeWhenThePlatformShowsANewOneOfItsShard) {
  InFlightSteps steps;
  steps.started(create(), kStart);
  steps.returned(key_of(create()), {}, kStart + 10ms);
  steps.settle(pods(kStart, kStart - 1min), kStart + 20ms);
  EXPECT_EQ(steps.list().size(), 1U) << "an older pod of the shard is not the one that was asked for";
  steps.settle(pods(kStart, kStart + 15ms), kStart + 20ms);
  EXPECT_TRUE(steps.list().empty());
}

TEST(InFlightSteps, FailuresBackOffAndAreForgottenBySuccess) {
  InFlightSteps steps;
  Duration last{0};
  TimePoint now = kStart;
  for (int count = 1; count <= 4; ++count) {
    steps.started(order(), now);
    steps.returned(key_of(order()), refused("pod vk-a", "no"), now);
    const auto& failure = steps.failures().at(key_of(order()));
    EXPECT_EQ(failure.count, count);
    EXPECT_GT(failure.not_before - now, last);
    last = failure.not_before - now;
    now = failure.not_before;
  }
  EXPECT_TRUE(steps.list().empty());
  steps.started(order(), now);
  steps.returned(key_of(order()), {}, now);
  EXPECT_TRUE(steps.failures().empty());
}

TEST(InFlightSteps, BackOffIsBounded) {
  InFlightSteps steps;
  for (int i = 0; i < 40; ++i) {
    steps.started(order(), kStart);
    steps.returned(key_of(order()), refused("pod vk-a", "no"), kStart);
  }
  EXPECT_LE(steps.failures().at(key_of(order())).not_before - kStart, Duration(10s));
}

TEST(InFlightSteps, AFailureIsForgottenAMinuteAfterItsBackOff) {
  InFlightSteps steps;
  steps.started(order(), kStart);
  steps.returned(key_of(order()), refused("pod vk-a", "no"), kStart);
  steps.settle({}, kStart + 59s);
  EXPECT_EQ(steps.failures().size(), 1U);
  steps.settle({}, kStart + 62s);
  EXPECT_TRUE(steps.failures().empty());
}

}  // namespace
}  // namespace shardkeeper::reconcile
