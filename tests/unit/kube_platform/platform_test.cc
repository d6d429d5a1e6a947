#include "coordinator/platform/kube/kube_platform.h"

#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/pod_builder.h"
#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const ClusterName kCache("cache");

class KubePlatformTest : public testing::Test {
 protected:
  KubePlatformTest() {
    platform_ = std::make_unique<kube::KubePlatform>(
        api_, scheduler_, kube::Features{.server = {1, 20}}, kube::KubePlatformOptions{.spaces = {}, .helper_image = "helper:1", .seed = 1},
        kube::KubePlatform::Hooks{.synced = [this] { is_synced_ = true; }, .access_changed = [](const ClusterName&) {}});
    platform_->on_change([this] { looks_.push_back(platform_->view()); });
    scheduler_.run_for(1s);
  }

  static kube::KubeCluster cluster(int shards = 3) {
    kube::KubeCluster made;
    made.object.name = kCache;
    made.object.space = "n";
    made.object.uid = "c-1";
    made.object.spec.image = "valkey:8.0.1";
    made.object.spec.shards = shards;
    made.spec = {{"image", "valkey:8.0.1"}};
    return made;
  }
  void open(int shards = 3) {
    platform_->open_cluster(cluster(shards));
    scheduler_.run_for(1s);
  }
  Result<void> create(const std::string& name, int shard = 0) {
    std::optional<Result<void>> answer;
    platform_->create(cluster().object, model::PodRequest{.name = PodName(name), .shard = ShardId{shard}},
                      [&](const Result<void>& result) { answer = result; });
    EXPECT_FALSE(answer) << "never before it returns";
    scheduler_.run_for(1s);
    return answer.value();
  }
  // The kubelet's part.
  void set_valkey(const std::string& pod, const std::string& status) {
    auto changed = *api_.find("pods", {"n", pod});
    changed["status"] = boost::json::parse(R"({"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [)" + status + "]}");
    api_.put("pods", changed);
  }

  FakeScheduler scheduler_;
  FakeKubeApi api_{scheduler_};
  bool is_synced_ = false;
  std::vector<platform::PlatformView> looks_;
  std::unique_ptr<kube::KubePlatform> platform_;
};

TEST_F(KubePlatformTest, SeesWorkers) {
  api_.put("nodes", boost::json::parse(R"({"metadata": {"name": "w1", "labels": {"topology.kubernetes.io/zone": "z"}},
      "status": {"conditions": [{"type": "Ready", "status": "True"}]}})")
                        .as_object());
  scheduler_.run_for(1s);
  EXPECT_TRUE(is_synced_);
  EXPECT_THAT(platform_->view().workers, ElementsAre(model::Worker{WorkerName("w1"), "z", true, true, {}}));
}

TEST_F(KubePlatformTest, MakesWhatAClusterNeedsAndWritesNothingAtRest) {
  open();
  EXPECT_THAT(api_.all("services"), SizeIs(2));
  EXPECT_THAT(api_.all("networkpolicies"), SizeIs(1));
  EXPECT_THAT(api_.all("secrets"), SizeIs(2));
  EXPECT_THAT(api_.all("poddisruptionbudgets"), SizeIs(3));
  EXPECT_TRUE(platform_->issue_coordinator(kCache));
  ASSERT_TRUE(create("cache-a"));
  api_.writes.clear();
  scheduler_.run_for(10h);
  EXPECT_THAT(api_.writes, IsEmpty());
}

TEST_F(KubePlatformTest, ASuccessorUsesTheSameKeys) {
  open();
  const auto before = platform_->authority_of(kCache);
  platform_ = std::make_unique<kube::KubePlatform>(api_, scheduler_, kube::Features{}, kube::KubePlatformOptions{},
                                                   kube::KubePlatform::Hooks{.synced = [] {}, .access_changed = [](const ClusterName&) {}});
  api_.writes.clear();
  open();
  EXPECT_EQ(platform_->authority_of(kCache), before);
  EXPECT_THAT(api_.writes, IsEmpty());
}

TEST_F(KubePlatformTest, APodsIdentityIsThereBeforeThePod) {
  open();
  bool was_there = false;
  api_.refuse = [&](const kube::Request& request) -> std::optional<Error> {
    if (request.method == kube::Method::kPost && request.path.find("/pods") != std::string::npos)
      was_there = kube::secret_value(*api_.find("secrets", {"n", "cache-agents"}), "cache-a.key").has_value();
    return std::nullopt;
  };
  ASSERT_TRUE(create("cache-a"));
  EXPECT_TRUE(was_there);
  EXPECT_THAT(platform_->view().pods, SizeIs(1));
  EXPECT_EQ(platform_->view().pods[0].cluster, kCache);
}

TEST_F(KubePlatformTest, AnIdentityStaysWhileItsPodIsNotSeenYet) {
  open();
  // The API server is slow to answer for the first pod while the second one is made.
  const auto ignore = [](const Result<void>&) {};
  platform_->create(cluster().object, model::PodRequest{.name = PodName("cache-a"), .shard = ShardId{0}}, ignore);
  scheduler_.run_posted();
  ASSERT_TRUE(create("cache-b", 1));
  const auto& secret = *api_.find("secrets", {"n", "cache-agents"});
  EXPECT_TRUE(kube::secret_value(secret, "cache-a.key"));
  EXPECT_TRUE(kube::secret_value(secret, "cache-b.key"));
}

TEST_F(KubePlatformTest, IdentitiesOfPodsThatAreGoneLeave) {
  open();
  ASSERT_TRUE(create("cache-a"));
  api_.erase("pods", {"n", "cache-a"});
  scheduler_.run_for(1h);
  ASSERT_TRUE(create("cache-b"));
  EXPECT_FALSE(kube::secret_value(*api_.find("secrets", {"n", "cache-agents"}), "cache-a.key"));
}

TEST_F(KubePlatformTest, SaysWhyAPodCannotBeMade) {
  open();
  api_.refuse = [](const kube::Request& request) -> std::optional<Error> {
    if (request.method == kube::Method::kPost) return refused("POST pods", "exceeded quota: cpu");
    return std::nullopt;
  };
  const auto made = create("cache-a");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().detail, "exceeded quota: cpu");
}

TEST_F(KubePlatformTest, ANameThatIsTakenIsAConflict) {
  open();
  ASSERT_TRUE(create("cache-a"));
  EXPECT_EQ(create("cache-a").error().kind, ErrorKind::kConflict);
}

TEST_F(KubePlatformTest, PodsOfAFormerClusterOfThatNameAreNotShown) {
  open();
  ASSERT_TRUE(create("cache-a"));
  auto renewed = cluster();
  renewed.object.uid = "c-2";
  platform_->open_cluster(renewed);
  scheduler_.run_for(1s);
  EXPECT_THAT(platform_->view().pods, IsEmpty());
}

TEST_F(KubePlatformTest, TheEndOfAServerIsSeenThoughItsPodGoesAtOnce) {
  open();
  ASSERT_TRUE(create("cache-a"));
  set_valkey("cache-a", R"({"name": "valkey", "containerID": "x://1", "state": {"running": {}}})");
  scheduler_.run_for(1s);
  looks_.clear();
  set_valkey("cache-a", R"({"name": "valkey", "containerID": "x://1", "state": {"terminated": {"containerID": "x://1"}}})");
  api_.erase("pods", {"n", "cache-a"});
  scheduler_.run_for(1s);
  const bool has_shown = std::ranges::any_of(looks_, [](const auto& view) { return !view.pods.empty() && view.pods[0].server_ended(); });
  EXPECT_TRUE(has_shown);
  EXPECT_THAT(platform_->view().pods, IsEmpty());
}

TEST_F(KubePlatformTest, AnEndAndARestartInOneBreathAreBothSeen) {
  open();
  ASSERT_TRUE(create("cache-a"));
  looks_.clear();
  set_valkey("cache-a", R"({"name": "valkey", "containerID": "x://1", "state": {"terminated": {"containerID": "x://1"}}})");
  set_valkey("cache-a", R"({"name": "valkey", "containerID": "x://2", "state": {"running": {}},
      "lastState": {"terminated": {"containerID": "x://1"}}})");
  scheduler_.run_for(1s);
  ASSERT_GE(looks_.size(), 2U);
  EXPECT_TRUE(looks_.front().pods[0].server_ended());
  EXPECT_FALSE(looks_.back().pods[0].server_ended());
}

TEST_F(KubePlatformTest, EvictsWithTheGraceAndUidThatWereMeant) {
  open();
  ASSERT_TRUE(create("cache-a"));
  const auto pod = platform_->view().pods[0];
  std::optional<boost::json::value> body;
  api_.refuse = [&](const kube::Request& request) -> std::optional<Error> {
    if (request.path.ends_with("/eviction")) body = request.body;
    return std::nullopt;
  };
  std::optional<Result<void>> answer;
  platform_->evict(pod.name, pod.uid, 30s, [&](const Result<void>& result) { answer = result; });
  scheduler_.run_for(1s);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(kube::json::number_at(body->as_object(), {"deleteOptions", "gracePeriodSeconds"}), 30);
  EXPECT_EQ(kube::json::text_at(body->as_object(), {"deleteOptions", "preconditions", "uid"}), pod.uid.value);
  EXPECT_THAT(platform_->view().pods, IsEmpty());
}

TEST_F(KubePlatformTest, ARefusedEvictionSaysWhy) {
  open();
  ASSERT_TRUE(create("cache-a"));
  api_.refuse = [&](const kube::Request& request) -> std::optional<Error> {
    if (request.path.ends_with("/eviction"))
      return refused("eviction", "Cannot evict pod as it would violate the pod's disruption budget.");
    return std::nullopt;
  };
  std::optional<Result<void>> answer;
  platform_->evict(PodName("cache-a"), platform_->view().pods[0].uid, 0s, [&](const Result<void>& result) { answer = result; });
  scheduler_.run_for(1s);
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::kRefused);
  EXPECT_THAT(answer->error().detail, HasSubstr("disruption budget"));
}

TEST_F(KubePlatformTest, APodOfAnotherUidIsNotRemoved) {
  open();
  ASSERT_TRUE(create("cache-a"));
  std::optional<Result<void>> answer;
  platform_->remove(PodName("cache-a"), PodUid("former"), 0s, [&](const Result<void>& result) { answer = result; });
  scheduler_.run_for(1s);
  EXPECT_EQ(answer->error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(platform_->view().pods, SizeIs(1));
}

TEST_F(KubePlatformTest, LabelsAndConditionsAreWritten) {
  open();
  ASSERT_TRUE(create("cache-a"));
  const auto ignore = [](const Result<void>&) {};
  platform_->set_labels(PodName("cache-a"), {{model::kLabelRole, "primary"}}, ignore);
  platform_->set_condition(PodName("cache-a"), model::kConditionInCluster, true, "the majority lists it", ignore);
  scheduler_.run_for(1s);
  const auto& pod = platform_->view().pods[0];
  EXPECT_EQ(pod.labels.at(model::kLabelRole), "primary");
  EXPECT_TRUE(pod.conditions.at(model::kConditionInCluster));
  EXPECT_THAT(api_.writes, Contains("PATCH pods/status n/cache-a"));
}

TEST_F(KubePlatformTest, AShardThatLeavesKeepsItsBudgetWhileItHasPods) {
  open(4);
  ASSERT_TRUE(create("cache-a", 3));
  open(3);
  EXPECT_NE(api_.find("poddisruptionbudgets", {"n", "cache-shard-3"}), nullptr);
  api_.erase("pods", {"n", "cache-a"});
  scheduler_.run_for(1s);
  EXPECT_EQ(api_.find("poddisruptionbudgets", {"n", "cache-shard-3"}), nullptr);
}

TEST_F(KubePlatformTest, ADeletedSecretIsPutBackWithTheSameKeys) {
  open();
  ASSERT_TRUE(create("cache-a"));
  const auto before = kube::secret_value(*api_.find("secrets", {"n", "cache-agents"}), "cache-a.key");
  api_.erase("secrets", {"n", "cache-agents"});
  scheduler_.run_for(1s);
  ASSERT_NE(api_.find("secrets", {"n", "cache-agents"}), nullptr);
  EXPECT_EQ(kube::secret_value(*api_.find("secrets", {"n", "cache-agents"}), "cache-a.key"), before);
}

TEST_F(KubePlatformTest, CertificatesAreRenewedLongBeforeTheyEnd) {
  open();
  ASSERT_TRUE(create("cache-a"));
  const auto certificate = [&] { return *kube::secret_value(*api_.find("secrets", {"n", "cache-agents"}), "cache-a.crt"); };
  const auto first = certificate();
  scheduler_.run_for(24h * 200);
  EXPECT_EQ(certificate(), first);
  scheduler_.run_for(24h * 60);
  EXPECT_NE(certificate(), first);
  const auto end = tls::validity_of(certificate())->not_after;
  EXPECT_GT(end, tls::validity_of(first)->not_after);
}

TEST_F(KubePlatformTest, AnotherObjectsSecretIsNotTouched) {
  api_.put("secrets", boost::json::parse(R"({"metadata": {"name": "cache-ca", "namespace": "n",
      "labels": {"app.kubernetes.io/managed-by": "shardkeeper-coordinator"}}, "data": {"mine": "eA=="}})")
                          .as_object());
  open();
  EXPECT_FALSE(platform_->authority_of(kCache));
  ASSERT_THAT(platform_->troubles(kCache), SizeIs(1));
  EXPECT_THAT(platform_->troubles(kCache).begin()->second.detail, HasSubstr("belongs to somebody else"));
  api_.erase("secrets", {"n", "cache-ca"});
  scheduler_.run_for(5s);
  EXPECT_TRUE(platform_->authority_of(kCache)) << "it heals without further help";
  EXPECT_THAT(platform_->troubles(kCache), IsEmpty());
}

TEST_F(KubePlatformTest, PodsOfAnEarlierSpecAreCounted) {
  open();
  ASSERT_TRUE(create("cache-a"));
  EXPECT_EQ(platform_->outdated_pods(kCache), 0);
  auto changed = cluster();
  changed.object.spec.config["hz"] = "20";
  platform_->open_cluster(changed);
  scheduler_.run_for(1ms);
  EXPECT_EQ(platform_->outdated_pods(kCache), 0) << "running servers are told settings";
  EXPECT_TRUE(platform_->view().pods.front().is_outdated);
  EXPECT_TRUE(platform_->view().pods.front().differs_in_settings_only);
  changed.object.spec.image = "localhost/valkey:9.1.2";
  platform_->open_cluster(changed);
  scheduler_.run_for(1ms);
  EXPECT_EQ(platform_->outdated_pods(kCache), 1);
  EXPECT_FALSE(platform_->view().pods.front().differs_in_settings_only);
}

TEST_F(KubePlatformTest, NativeSidecarsNeedEveryKubeletThatMayRunThePod) {
  const auto node = [](const std::string& name, const std::string& version, const std::string& spec) {
    return boost::json::parse(R"({"metadata": {"name": ")" + name + R"("}, "spec": )" + spec +
                              R"(, "status": {"nodeInfo": {"kubeletVersion": ")" + version +
                              R"("}, "conditions": [{"type": "Ready", "status": "True"}]}})")
        .as_object();
  };
  platform_ = std::make_unique<kube::KubePlatform>(api_, scheduler_, kube::Features{.server = {1, 30}}, kube::KubePlatformOptions{},
                                                   kube::KubePlatform::Hooks{.synced = [] {}, .access_changed = [](const ClusterName&) {}});
  api_.put("nodes", node("new", "v1.30.1", "{}"));
  api_.put("nodes", node("old", "v1.28.9", R"({"unschedulable": true})"));
  scheduler_.run_for(1s);
  open();
  ASSERT_TRUE(create("cache-a"));
  EXPECT_THAT(api_.find("pods", {"n", "cache-a"})->at("spec").at("initContainers").as_array(), SizeIs(2));
  api_.put("nodes", node("old", "v1.28.9", "{}"));
  scheduler_.run_for(1s);
  ASSERT_TRUE(create("cache-b"));
  EXPECT_THAT(api_.find("pods", {"n", "cache-b"})->at("spec").at("initContainers").as_array(), SizeIs(1));
}

}  // namespace
}  // namespace shardkeeper::test
