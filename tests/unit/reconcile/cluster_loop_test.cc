// When passes run: a burst of reports is one pass, and what clients wait for is not held up by that.
#include "coordinator/reconcile/cluster_loop.h"

#include "tests/support/fake_scheduler.h"
#include "tests/unit/reconcile/still_world.h"

#include <gtest/gtest.h>

namespace shardkeeper::reconcile {
namespace {

using namespace std::chrono_literals;

// Its clock moves on by itself where a pass takes time.
class BusyScheduler final : public Scheduler {
 public:
  TimePoint now() const override { return time_.now() + spent; }
  std::int64_t unix_ms() const override { return time_.unix_ms(); }
  void post(std::function<void()> work) override { time_.post(std::move(work)); }
  std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override { return time_.after(delay, std::move(work)); }
  void run_posted() { time_.run_posted(); }
  void run_for(Duration duration) { time_.run_for(duration); }

  Duration spent{0};

 private:
  test::FakeScheduler time_;
};

const PodName kPod("cache-a");

model::Pod one_pod() {
  model::Pod pod;
  pod.name = kPod;
  pod.uid = PodUid("1");
  pod.cluster = ClusterName("cache");
  pod.labels = {{model::kLabelShard, "0"}};
  pod.worker = WorkerName("w");
  pod.ip = "127.1.1.1";
  pod.phase = model::PodPhase::kRunning;
  return pod;
}

constexpr Duration kPassTakes = 5ms;
constexpr Duration kRest = 15ms;

class ClusterLoopTest : public testing::Test {
 protected:
  ClusterLoopTest() {
    scheduler_.run_posted();
    scheduler_.run_for(kRest);
    passes_ = 0;
  }

  void agent_says(bool process_lives, std::uint64_t nonce = 0) {
    NodeState state;
    state.pod = kPod;
    state.gate.lock_held = process_lives;
    state.nonce = nonce;
    dialer_.agents.at(kPod).on_state(std::move(state));
    scheduler_.run_posted();
  }

  BusyScheduler scheduler_;
  StillPlatform platform_{{one_pod()}, {{.name = WorkerName("w")}}};
  StillDialer dialer_;
  EventLog events_;
  int passes_ = 0;
  ClusterLoop loop_{{scheduler_, platform_, dialer_, events_},
                    {.name = ClusterName("cache"), .spec = {.image = "valkey:8.0.1", .shards = 1, .replicas_per_shard = 0}},
                    FenceToken{1},
                    1,
                    {.passed =
                         [this](Duration) {
                           ++passes_;
                           scheduler_.spent += kPassTakes;
                         },
                     .higher_token_seen = [](FenceToken) {},
                     .neighbours = [] { return Neighbours(); }}};
};

TEST_F(ClusterLoopTest, RestsAfterAPassSoThatABurstIsOne) {
  agent_says(true);
  EXPECT_EQ(passes_, 1);
  for (int i = 0; i < 10; ++i) agent_says(true);
  EXPECT_EQ(passes_, 1);
  scheduler_.run_for(kRest);
  EXPECT_EQ(passes_, 2);
}

TEST_F(ClusterLoopTest, ADeathEndsTheRest) {
  agent_says(true);
  agent_says(true);
  ASSERT_EQ(passes_, 1) << "the second waits";
  agent_says(false);
  EXPECT_EQ(passes_, 2);
  scheduler_.run_for(kRest);
  EXPECT_EQ(passes_, 2) << "the one that waited has become this one";
  agent_says(false);
  agent_says(false);
  EXPECT_EQ(passes_, 3) << "known already";
}

TEST_F(ClusterLoopTest, AnAnswerEndsTheRest) {
  agent_says(true);
  agent_says(true, 7);
  EXPECT_EQ(passes_, 2);
  agent_says(true, 7);
  EXPECT_EQ(passes_, 2);
}

}  // namespace
}  // namespace shardkeeper::reconcile
