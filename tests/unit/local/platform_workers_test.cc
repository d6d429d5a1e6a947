// Workers that are cordoned, lost, stopped, restored.
#include "tests/unit/local/platform_fixture.h"

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

class LocalWorkers : public PlatformTest {
 protected:
  Result<void> cordon(const char* worker) {
    return await([&](auto done) { platform_->cordon(WorkerName(worker), done); });
  }
  Result<void> confirm_lost(const char* worker) {
    return await([&](auto done) { platform_->confirm_lost(WorkerName(worker), done); });
  }
  model::Worker worker(const char* name) const {
    for (const auto& worker : platform_->view().workers)
      if (worker.name.value == name) return worker;
    return {};
  }
};

TEST_F(LocalWorkers, ACordonedOneGetsNoPods) {
  open();
  ASSERT_TRUE(cordon("w1"));
  create_running("cache-aaaaa");
  EXPECT_EQ(pod("cache-aaaaa")->worker.value, "w2");
  EXPECT_FALSE(worker("w1").schedulable);
  ASSERT_TRUE(cordon("w2"));
  const auto refused = create("cache-bbbbb");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(refused.error().detail, HasSubstr("w1 is cordoned, w2 is cordoned"));
  ASSERT_TRUE(await([&](auto done) { platform_->uncordon(WorkerName("w1"), done); }));
  create_running("cache-bbbbb");
}

TEST_F(LocalWorkers, AnUnknownOneIsNotFound) {
  open();
  const auto unknown = cordon("w9");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(unknown.error().detail, HasSubstr("there are w1, w2"));
}

TEST_F(LocalWorkers, AKilledOneIsNotReadyAndItsContainersAreAsLastSeen) {
  open();
  create_running("cache-aaaaa");
  const auto before = *pod("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  ASSERT_TRUE(lose("w1", Loss::kKill));
  ASSERT_TRUE(reaches([&] { return !is_alive(server) && !worker("w1").ready; }));
  loop_.restart();
  loop_.run_for(200ms);  // nothing is started meanwhile
  EXPECT_EQ(pod("cache-aaaaa"), before) << "nobody saw them end: that is not known dead";
  EXPECT_TRUE(test::ProcessTree::descendants().empty());
  EXPECT_TRUE(worker("w1").taints.empty());
}

TEST_F(LocalWorkers, RestoredItStartsItsPodsAgain) {
  open();
  create_running("cache-aaaaa");
  const auto before = container("cache-aaaaa", "valkey");
  ASSERT_TRUE(lose("w1", Loss::kKill));
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  ASSERT_TRUE(reaches([&] { return runs("cache-aaaaa") && container("cache-aaaaa", "valkey").restarts == 1; }));
  EXPECT_EQ(container("cache-aaaaa", "valkey").terminated_id, before.id);
  EXPECT_EQ(container("cache-aaaaa", "agent").restarts, 1);
  EXPECT_TRUE(worker("w1").ready);
}

TEST_F(LocalWorkers, AStoppedOneContinuesAsIfNothingWasTheMatter) {
  open();
  create_running("cache-aaaaa");
  const auto before = *pod("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  ASSERT_TRUE(lose("w1", Loss::kStop));
  EXPECT_TRUE(test::wait_until([&] { return process_state(server) == 'T'; }));
  EXPECT_FALSE(worker("w1").ready);
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  EXPECT_TRUE(test::wait_until([&] { return process_state(server) == 'S'; }));
  EXPECT_EQ(pod("cache-aaaaa"), before);
}

TEST_F(LocalWorkers, StateSurvivesTheCoordinator) {
  open();
  create_running("cache-aaaaa");
  const auto before = *pod("cache-aaaaa");
  ASSERT_TRUE(lose("w1", Loss::kKill));
  ASSERT_TRUE(cordon("w2"));
  platform_.reset();
  open();
  loop_.restart();
  loop_.run_for(100ms);
  EXPECT_FALSE(worker("w1").ready);
  EXPECT_FALSE(worker("w2").schedulable);
  EXPECT_EQ(pod("cache-aaaaa"), before);
  EXPECT_TRUE(test::ProcessTree::descendants().empty()) << "nothing is started on a lost worker";
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  ASSERT_TRUE(reaches([&] { return container("cache-aaaaa", "valkey").restarts == 1 && runs("cache-aaaaa"); }));
}

TEST_F(LocalWorkers, DeletionWaitsForTheWorker) {
  open();
  create_running("cache-aaaaa");
  ASSERT_TRUE(lose("w1", Loss::kStop));
  ASSERT_TRUE(remove("cache-aaaaa", 5s));
  ASSERT_TRUE(reaches([&] { return pod("cache-aaaaa")->is_deleting; }));
  loop_.restart();
  loop_.run_for(100ms);
  EXPECT_TRUE(pod("cache-aaaaa")) << "terminating until the worker is back";
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_EQ(stop_asked(), "5\n");
}

TEST_F(LocalWorkers, ForcedDeletionForgetsThePodAndEndsItWhenTheWorkerIsBack) {
  open();
  create_running("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  ASSERT_TRUE(lose("w1", Loss::kStop));
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_TRUE(is_alive(server)) << "a deleted object ends no process on a worker that nobody reaches";
  platform_.reset();
  open();
  EXPECT_FALSE(pod("cache-aaaaa"));
  EXPECT_TRUE(is_alive(server));
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  EXPECT_TRUE(reaches([&] { return !is_alive(server) && !std::filesystem::exists(temp_.path() / "s/pods/cache-aaaaa"); }));
}

TEST_F(LocalWorkers, ForcedDeletionOnAKilledOneRemovesThePod) {
  open();
  create_running("cache-aaaaa");
  ASSERT_TRUE(lose("w1", Loss::kKill));
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_TRUE(std::filesystem::is_empty(temp_.path() / "s/pods"));
}

TEST_F(LocalWorkers, APersonsWordMakesItTrue) {
  open();
  create_running("cache-aaaaa", 0);
  create_running("cache-bbbbb", 1);
  create_running("cache-ccccc", 2);
  ASSERT_EQ(pod("cache-ccccc")->worker.value, "w1");
  const auto refused = confirm_lost("w1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  const auto first = pid_of("cache-aaaaa", "valkey");
  ASSERT_TRUE(lose("w1", Loss::kStop));
  ASSERT_TRUE(remove("cache-ccccc", 30s));
  ASSERT_TRUE(confirm_lost("w1"));
  ASSERT_TRUE(reaches([&] { return !is_alive(first) && !pod("cache-ccccc"); })) << "what waited for its deletion is gone";
  EXPECT_EQ(worker("w1").taints, std::vector<std::string>{model::kTaintOutOfService});
  EXPECT_TRUE(pod("cache-aaaaa"));
  EXPECT_TRUE(runs("cache-bbbbb"));
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  ASSERT_TRUE(
      reaches([&] { return worker("w1").taints.empty() && container("cache-aaaaa", "valkey").restarts == 1 && runs("cache-aaaaa"); }));
}

TEST_F(LocalWorkers, LosingAPodInItsPreparationIsNoHindrance) {
  open();
  ASSERT_TRUE(create("cache-aaaaa"));
  ASSERT_TRUE(lose("w1", Loss::kKill));
  ASSERT_TRUE(lose("w1", Loss::kRestore));
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa"); }));
}

}  // namespace
}  // namespace shardkeeper::platform::local
