// An agent that dies at any command of a move between real servers.
#include "tests/valkey/migration_fixture.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Stage = MigrationProgress::Stage;

// A move has a few dozen commands. Whichever agent is about to send the n-th of them dies instead, for every n.
class MigrationSweep : public Migration {
 protected:
  MigrationSweep() { slots_filled_ = 400; }

  static bool moves_slots(const std::vector<std::string>& command) {
    return command[0] == "MIGRATE" || (command[0] == "CLUSTER" && command[1] == "SETSLOT");
  }
  // Starts a job and RETURNS whose agent died; null: the job came to its end before.
  AgentPod* end_at(int n, const MigrationJob& job) {
    sent_ = 0;
    dead_ = nullptr;
    for (auto* const pod : {&source(), &target()})
      pod->guard([this, pod, n](const std::vector<std::string>& command) {
        if (dead_ == pod) return false;
        if (dead_ != nullptr || !moves_slots(command) || ++sent_ < n) return true;
        dead_ = pod;
        return false;
      });
    source().core().execute({rpc::Caller::Kind::kCoordinator, "coordinator"}, FenceToken{1}, command::StartMigration{job},
                            [](const auto&) {});
    const auto has_ended = [&] {
      const auto& progress = source().state().migration;
      return dead_ != nullptr || (progress && progress->job == job.id && progress->stage != Stage::kRunning);
    };
    EXPECT_TRUE(until(has_ended)) << job.id << " neither ends nor sends command " << n;
    return dead_;
  }
  void bring_back(AgentPod& pod) {
    pod.stop_agent();
    for (auto* const end : {&source(), &target()}) end->guard({});
    pod.start_agent();
    ASSERT_TRUE(until([&] { return pod.state().condition == ServerCondition::kUp; }));
  }

  // As the coordinator: what fails is tried again, when the ends have heard of each other.
  MigrationProgress run_again(MigrationJob job) {
    const std::string id = job.id;
    for (int attempt = 1;; ++attempt) {
      job.id = id + "-" + std::to_string(attempt);
      const auto ended = run(job);
      if (ended.stage == Stage::kDone || attempt == 3) return ended;
      static_cast<void>(until([] { return false; }, 300ms));
    }
  }

  int sent_ = 0;
  AgentPod* dead_ = nullptr;
};

TEST_P(MigrationSweep, AnAgentThatDiesAtAnyCommandLeavesWhatAnotherJobFinishes) {
  constexpr int kSlots = 4;
  constexpr int kCommandsMax = 80;
  make_cluster(1);
  ASSERT_FALSE(HasFatalFailure());
  fill(4'000);
  int at_source = 0;
  int at_target = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, kCommandsMax) << "a job of " << kSlots << " slots takes too many commands";
    const SlotSet slots = SlotSet::of(n * kSlots, n * kSlots + kSlots - 1);
    const auto id = "m-" + std::to_string(n) + "-";
    auto* const dead = end_at(n, job(slots, id + "1"));
    ASSERT_FALSE(HasFailure());
    if (dead == nullptr) {
      ASSERT_EQ(source().state().migration->stage, Stage::kDone) << source().state().migration->error;
      ASSERT_TRUE(until_views_agree(slots));
      break;
    }
    ++(dead == &source() ? at_source : at_target);
    ASSERT_NO_FATAL_FAILURE(bring_back(*dead));
    if (dead == &target()) wait_for(id + "1");
    const auto ended = run_again(job(slots, id + "2"));
    ASSERT_EQ(ended.stage, Stage::kDone) << "after command " << n << ": " << ended.error;
    ASSERT_TRUE(until_views_agree(slots)) << "after command " << n;
  }
  std::printf("died at %d commands of the source's agent and %d of the target's\n", at_source, at_target);
  EXPECT_GT(at_source, 5);
  EXPECT_GT(at_target, 1);
  expect_all(4'000);
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrationSweep, testing::ValuesIn(cases_where(is_keys)),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
