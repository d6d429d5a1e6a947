// A pod's life on the local platform, with fake programs.
#include "tests/unit/local/platform_fixture.h"

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

class LocalPlatformTest : public PlatformTest {};

TEST_F(LocalPlatformTest, MakesAPodOfPrepareAgentAndServer) {
  open();
  int changes = 0;
  platform_->on_change([&] { ++changes; });
  create_running("cache-aaaaa", 2);
  const auto shown = *pod("cache-aaaaa");
  EXPECT_EQ(shown.cluster.value, "cache");
  EXPECT_EQ(shown.shard(), ShardId{2});
  EXPECT_EQ(shown.worker.value, "w1");
  EXPECT_EQ(shown.phase, model::PodPhase::kRunning);
  EXPECT_EQ(shown.image, "localhost/valkey:8.0.1");
  EXPECT_EQ(shown.trouble, "");
  EXPECT_FALSE(shown.is_deleting);
  EXPECT_THAT(shown.ip, testing::MatchesRegex("127\\.[0-9]+\\.[0-9]+\\.1"));
  EXPECT_EQ(platform_->agent_address(shown), shown.ip + ":9780");
  EXPECT_FALSE(container("cache-aaaaa", "prepare").running);
  EXPECT_EQ(container("cache-aaaaa", "prepare").terminated_id, container("cache-aaaaa", "prepare").id);
  EXPECT_EQ(container("cache-aaaaa", "valkey").restarts, 0);
  EXPECT_TRUE(std::filesystem::exists(temp_.path() / "s/pods/cache-aaaaa/volume/tls/tls.key"));
  EXPECT_GT(changes, 0);
}

TEST_F(LocalPlatformTest, PodsOfAClusterShareANetworkAndSpreadOverWorkers) {
  open();
  create_running("cache-aaaaa", 0);
  create_running("cache-bbbbb", 0);
  const auto first = pod("cache-aaaaa")->ip;
  const auto second = pod("cache-bbbbb")->ip;
  EXPECT_EQ(first.substr(0, first.rfind('.')), second.substr(0, second.rfind('.')));
  EXPECT_NE(first, second);
  EXPECT_EQ(pod("cache-bbbbb")->worker.value, "w2");
}

TEST_F(LocalPlatformTest, AnAddressIsNotUsedAgainSoon) {
  open();
  create_running("cache-aaaaa");
  const auto first = pod("cache-aaaaa")->ip;
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  create_running("cache-bbbbb");
  EXPECT_NE(pod("cache-bbbbb")->ip, first);
}

TEST_F(LocalPlatformTest, RefusesASecondPodOfTheName) {
  open();
  create_running("cache-aaaaa");
  const auto again = create("cache-aaaaa");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
}

TEST_F(LocalPlatformTest, RestartsAKilledServerAtOnceWithANewId) {
  open();
  create_running("cache-aaaaa");
  const auto before = container("cache-aaaaa", "valkey");
  ::kill(pid_of(before), SIGKILL);
  ASSERT_TRUE(reaches([&] { return container("cache-aaaaa", "valkey").restarts == 1 && runs("cache-aaaaa"); }));
  const auto after = container("cache-aaaaa", "valkey");
  EXPECT_NE(after.id, before.id);
  EXPECT_EQ(after.terminated_id, before.id) << "this very instance was seen to end";
  EXPECT_EQ(pod("cache-aaaaa")->trouble, "") << "being killed is no trouble of its own";
}

TEST_F(LocalPlatformTest, RestartsAnAgentWithoutTouchingItsServer) {
  open();
  create_running("cache-aaaaa");
  const auto server = container("cache-aaaaa", "valkey");
  ::kill(pid_of("cache-aaaaa", "agent"), SIGKILL);
  ASSERT_TRUE(reaches([&] { return container("cache-aaaaa", "agent").restarts == 1 && runs("cache-aaaaa"); }));
  EXPECT_EQ(container("cache-aaaaa", "valkey"), server);
}

TEST_F(LocalPlatformTest, RestartsAgainAndAgainWithGrowingPauses) {
  open();
  create_running("cache-aaaaa");
  const auto begin = std::chrono::steady_clock::now();
  for (int restarts = 1; restarts <= 3; ++restarts) {
    ::kill(pid_of("cache-aaaaa", "valkey"), SIGKILL);
    ASSERT_TRUE(reaches([&] { return container("cache-aaaaa", "valkey").restarts == restarts && runs("cache-aaaaa"); }));
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 110ms) << "0 + 10 + 100 ms";
}

TEST_F(LocalPlatformTest, RemovesInOrderWithPreStop) {
  open();
  create_running("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  const auto agent = pid_of("cache-aaaaa", "agent");
  ASSERT_TRUE(remove("cache-aaaaa", 30s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa") || pod("cache-aaaaa")->is_deleting; }));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_EQ(stop_asked(), "30\n");
  EXPECT_FALSE(is_alive(server));
  EXPECT_FALSE(is_alive(agent));
  EXPECT_FALSE(std::filesystem::exists(temp_.path() / "s/pods/cache-aaaaa"));
  const auto again = remove("cache-aaaaa", 30s);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kNotFound);
}

TEST_F(LocalPlatformTest, KillsTheServerWhenTheGracePeriodIsOver) {
  open();
  wish("ignore-term");
  create_running("cache-aaaaa");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(remove("cache-aaaaa", 1s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
}

TEST_F(LocalPlatformTest, AHangingPreStopDoesNotOutliveTheGracePeriod) {
  open();
  wish("stop-hangs");
  create_running("cache-aaaaa");
  ASSERT_TRUE(remove("cache-aaaaa", 1s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_EQ(test::ProcessTree::descendants().size(), 0U);
}

TEST_F(LocalPlatformTest, AServerThatEndsDuringPreStopIsNotStartedAgain) {
  open();
  wish("stop-hangs");
  create_running("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  ASSERT_TRUE(remove("cache-aaaaa", 60s));
  ASSERT_TRUE(reaches([&] { return stop_asked() == "60\n"; }));
  ::kill(server, SIGKILL);
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_EQ(test::ProcessTree::descendants().size(), 0U);
}

TEST_F(LocalPlatformTest, AShorterGracePeriodHastensARemoval) {
  open();
  wish("stop-hangs");
  wish("ignore-term");
  create_running("cache-aaaaa");
  ASSERT_TRUE(remove("cache-aaaaa", 600s));
  ASSERT_TRUE(reaches([&] { return stop_asked() == "600\n"; }));
  ASSERT_TRUE(remove("cache-aaaaa", 900s)) << "a longer one changes nothing";
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
}

TEST_F(LocalPlatformTest, GraceZeroKillsAtOnceAndAsksNobody) {
  open();
  wish("ignore-term");
  wish("fork");
  create_running("cache-aaaaa");
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_EQ(stop_asked(), "");
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); })) << "what the server forked goes, too";
}

TEST_F(LocalPlatformTest, RemovesOnlyThePodOfThatUid) {
  open();
  create_running("cache-aaaaa");
  const auto refused = await([&](auto done) { platform_->remove(PodName("cache-aaaaa"), PodUid("another"), 0s, done); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(runs("cache-aaaaa"));
}

TEST_F(LocalPlatformTest, EvictionAsksTheBudgetOfTheShard) {
  open();
  ASSERT_TRUE(platform_->open_cluster(cache_cluster()));  // one replica a shard: two pods must stay
  for (const char* name : {"cache-aaaaa", "cache-bbbbb", "cache-ccccc"}) create_running(name);
  const auto mark = [&](const char* name) {
    return await([&](auto done) { platform_->set_condition(PodName(name), model::kConditionInCluster, true, "member", done); });
  };
  ASSERT_TRUE(mark("cache-aaaaa"));
  ASSERT_TRUE(mark("cache-bbbbb"));
  const auto evict = [&](const char* name) { return await([&](auto done) { platform_->evict(PodName(name), pod(name)->uid, 5s, done); }); };
  const auto refused = evict("cache-aaaaa");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(refused.error().detail, HasSubstr("would have 1 available pods and needs 2"));
  ASSERT_TRUE(mark("cache-ccccc"));
  ASSERT_TRUE(evict("cache-aaaaa"));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
}

TEST_F(LocalPlatformTest, LabelsAndConditionsAreShownAndKept) {
  open();
  create_running("cache-aaaaa", 1);
  ASSERT_TRUE(await([&](auto done) { platform_->set_labels(PodName("cache-aaaaa"), {{model::kLabelRole, "primary"}}, done); }));
  ASSERT_TRUE(await([&](auto done) { platform_->set_condition(PodName("cache-aaaaa"), "x/y", true, "why", done); }));
  ASSERT_TRUE(reaches([&] { return pod("cache-aaaaa")->conditions.contains("x/y"); }));
  const auto before = *pod("cache-aaaaa");
  EXPECT_EQ(before.labels.at(model::kLabelRole), "primary");
  EXPECT_EQ(before.shard(), ShardId{1}) << "other labels stay";
  platform_.reset();
  open();
  EXPECT_EQ(pod("cache-aaaaa"), before);
  EXPECT_FALSE(await([&](auto done) { platform_->set_labels(PodName("none"), {}, done); }));
}

TEST_F(LocalPlatformTest, StopAllLeavesNeitherProcessNorPod) {
  open();
  wish("fork");
  for (const char* name : {"cache-aaaaa", "cache-bbbbb", "cache-ccccc"}) create_running(name);
  ASSERT_TRUE(lose("w2", Loss::kStop));
  stop_all();
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
  EXPECT_TRUE(platform_->view().pods.empty());
  EXPECT_TRUE(std::filesystem::is_empty(temp_.path() / "s/pods"));
  EXPECT_FALSE(std::filesystem::exists(temp_.path() / "s/clusters"));
  EXPECT_EQ(stop_asked(), "") << "there is nobody to hand over to";
  EXPECT_FALSE(create("cache-ddddd"));
}

TEST_F(LocalPlatformTest, StopAllKillsWhatDoesNotListen) {
  open();
  wish("ignore-term");
  create_running("cache-aaaaa");
  stop_all(100ms);
  EXPECT_TRUE(test::ProcessTree::descendants().empty());
}

TEST_F(LocalPlatformTest, StopAllOfNothingIsDone) {
  open();
  stop_all();
}

TEST_F(LocalPlatformTest, AClusterKeepsItsUidAndItsAuthority) {
  open();
  const auto first = platform_->open_cluster(cache_cluster());
  ASSERT_TRUE(first) << to_string(first.error());
  platform_.reset();
  open();
  const auto second = platform_->open_cluster(cache_cluster());
  ASSERT_TRUE(second);
  EXPECT_EQ(first->uid, second->uid);
  EXPECT_EQ(first->coordinator.ca_pem, second->coordinator.ca_pem);
  EXPECT_TRUE(tls::check(second->coordinator));
  auto other = cache_cluster();
  other.name = ClusterName("other");
  EXPECT_NE(platform_->open_cluster(other)->uid, first->uid);
  other.name = ClusterName("../other");
  EXPECT_FALSE(platform_->open_cluster(other));
}

}  // namespace
}  // namespace shardkeeper::platform::local
