// Pods of the local platform with the real agent, the real `launch` and real servers; the test is their coordinator.
#include "common/net/asio_scheduler.h"
#include "common/rpc/agent_client.h"
#include "coordinator/platform/local/local_platform.h"
#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_binaries.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::platform::local {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr FenceToken kToken{1};

class LocalPods : public testing::TestWithParam<test::ValkeyLine> {
 protected:
  void SetUp() override { open(); }
  // Links before the dialer, see there.
  void TearDown() override { links_.clear(); }

  void open() {
    LocalOptions options{temp_ / "s", SK_AGENT, SK_LAUNCH, {{"real", test::valkey_server(GetParam())}, {"none", temp_ / "no-server"}}, {}};
    options.workers = {{WorkerName("w1"), "z1"}, {WorkerName("w2"), "z2"}};
    auto opened = LocalPlatform::open(loop_, scheduler_, std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    platform_ = std::move(*opened);
    const auto access = platform_->open_cluster(cluster_);
    ASSERT_TRUE(access) << to_string(access.error());
    dialer_.set_identity(cluster_.name, access->coordinator);
  }

  [[nodiscard]] bool reaches(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 40s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.restart();
      loop_.run_for(2ms);
    }
    return true;
  }
  Result<void> await(const std::function<void(Platform::Done)>& effect) {
    std::optional<Result<void>> answer;
    effect([&](const Result<void>& result) { answer = result; });
    EXPECT_TRUE(reaches([&] { return answer.has_value(); }));
    return answer.value_or(unavailable("test", "no answer"));
  }

  std::optional<model::Pod> pod(const std::string& name) const {
    for (const auto& pod : platform_->view().pods)
      if (pod.name.value == name) return pod;
    return std::nullopt;
  }
  model::ContainerStatus valkey(const std::string& name) const {
    return pod(name) ? pod(name)->containers.at(2) : model::ContainerStatus{};
  }
  pid_t server_pid(const std::string& name) const { return std::stoi(valkey(name).id); }

  void create(const std::string& name) {
    const auto created =
        await([&](auto done) { platform_->create(cluster_, {.name = PodName(name), .shard = ShardId{0}}, std::move(done)); });
    ASSERT_TRUE(created) << to_string(created.error());
    ASSERT_TRUE(reaches([&] { return pod(name).has_value(); }));
    dial(name);
  }
  void dial(const std::string& name) {
    rpc::AgentEvents events;
    events.on_state = [this, name](NodeState state) { states_[name] = std::move(state); };
    events.on_beat = [] {};
    events.on_lost = [this, name](const Error& error) { lost_[name] = to_string(error); };
    links_[name] = dialer_.dial(cluster_.name, PodName(name), platform_->agent_address(*pod(name)), kToken, cluster_.spec.node_timeout,
                                std::move(events));
  }
  bool is_waiting(const std::string& name) { return states_.contains(name) && states_.at(name).gate.is_waiting(); }
  bool is_up(const std::string& name) { return states_.contains(name) && states_.at(name).condition == ServerCondition::kUp; }

  // Opens the gate for the start that is asked for now and waits until the server answers.
  void grant(const std::string& name) {
    ASSERT_TRUE(reaches([&] { return is_waiting(name); })) << lost_[name] << " / " << (pod(name) ? pod(name)->trouble : "");
    std::optional<Result<command::Outcome>> answer;
    links_.at(name)->execute(kToken, command::GrantStart{states_.at(name).gate.request->id, "a test"}, 10s,
                             [&](auto result) { answer = result; });
    ASSERT_TRUE(reaches([&] { return answer.has_value(); }));
    ASSERT_TRUE(*answer) << to_string(answer->error());
    ASSERT_TRUE(reaches([&] { return is_up(name); })) << pod(name)->trouble;
  }

  const test::ProcessTree tree_;  // first: the last to go
  const test::TempDir temp_;
  model::ClusterObject cluster_{.name = ClusterName("cache"), .spec = {.image = "localhost/valkey:real", .replicas_per_shard = 0}};
  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  rpc::GrpcAgentDialer dialer_{scheduler_};
  std::unique_ptr<LocalPlatform> platform_;
  std::map<std::string, std::unique_ptr<rpc::AgentLink>> links_;
  std::map<std::string, NodeState> states_;
  std::map<std::string, std::string> lost_;
};

TEST_P(LocalPods, ServerWaitsAtItsGateAndStartsWhenGranted) {
  create("cache-aaaaa");
  ASSERT_TRUE(reaches([&] { return is_waiting("cache-aaaaa"); })) << lost_["cache-aaaaa"] << pod("cache-aaaaa")->trouble;
  const auto ip = pod("cache-aaaaa")->ip;
  EXPECT_FALSE(test::accepts_connections(ip, 6379));
  grant("cache-aaaaa");
  EXPECT_TRUE(test::accepts_connections(ip, 6379));
  EXPECT_TRUE(test::accepts_connections(ip, 9781)) << "probes and metrics";
  EXPECT_EQ(states_.at("cache-aaaaa").announced.ip, ip);
  EXPECT_EQ(pod("cache-aaaaa")->trouble, "");
}

TEST_P(LocalPods, AKilledServerIsBackAtItsGateAndNotBehindIt) {
  create("cache-aaaaa");
  grant("cache-aaaaa");
  const auto first_id = states_.at("cache-aaaaa").node_id;
  const auto before = valkey("cache-aaaaa");
  ::kill(server_pid("cache-aaaaa"), SIGKILL);
  ASSERT_TRUE(reaches([&] { return valkey("cache-aaaaa").restarts == 1 && is_waiting("cache-aaaaa"); }));
  EXPECT_EQ(valkey("cache-aaaaa").terminated_id, before.id);
  EXPECT_EQ(states_.at("cache-aaaaa").condition, ServerCondition::kDown);
  grant("cache-aaaaa");
  EXPECT_NE(states_.at("cache-aaaaa").node_id, first_id) << "a start is always a new node";
}

TEST_P(LocalPods, ANewCoordinatorAdoptsThemWithTheirServers) {
  create("cache-aaaaa");
  grant("cache-aaaaa");
  const auto before = *pod("cache-aaaaa");
  const auto node_id = states_.at("cache-aaaaa").node_id;
  links_.clear();
  states_.clear();
  platform_.reset();
  open();
  EXPECT_EQ(pod("cache-aaaaa"), before);
  dial("cache-aaaaa");
  ASSERT_TRUE(reaches([&] { return is_up("cache-aaaaa"); }));
  EXPECT_EQ(states_.at("cache-aaaaa").node_id, node_id);
}

TEST_P(LocalPods, RemovalEndsEverythingInGoodTime) {
  create("cache-aaaaa");
  create("cache-bbbbb");  // stays at its gate
  grant("cache-aaaaa");
  ASSERT_TRUE(reaches([&] { return is_waiting("cache-bbbbb"); }));
  const auto begin = std::chrono::steady_clock::now();
  for (const char* name : {"cache-aaaaa", "cache-bbbbb"})
    ASSERT_TRUE(await([&](auto done) { platform_->remove(PodName(name), pod(name)->uid, 60s, std::move(done)); }));
  ASSERT_TRUE(reaches([&] { return platform_->view().pods.empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << "nobody waits for the grace period where nothing can be handed over";
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
  EXPECT_TRUE(std::filesystem::is_empty(temp_.path() / "s/pods"));
}

TEST_P(LocalPods, AStoppedWorkerIsSilentAndContinues) {
  create("cache-aaaaa");
  grant("cache-aaaaa");
  const auto node_id = states_.at("cache-aaaaa").node_id;
  const auto worker = pod("cache-aaaaa")->worker;
  ASSERT_TRUE(await([&](auto done) { platform_->lose(worker, Loss::kStop, std::move(done)); }));
  states_.clear();
  links_.at("cache-aaaaa")->report_now(7);
  EXPECT_FALSE(reaches([&] { return states_.contains("cache-aaaaa"); }, 500ms));
  ASSERT_TRUE(await([&](auto done) { platform_->lose(worker, Loss::kRestore, std::move(done)); }));
  ASSERT_TRUE(reaches([&] { return is_up("cache-aaaaa"); }));
  EXPECT_EQ(states_.at("cache-aaaaa").node_id, node_id);
}

TEST_P(LocalPods, AKilledWorkerThatIsRestoredHasItsServersAtTheGate) {
  create("cache-aaaaa");
  grant("cache-aaaaa");
  const auto worker = pod("cache-aaaaa")->worker;
  ASSERT_TRUE(await([&](auto done) { platform_->lose(worker, Loss::kKill, std::move(done)); }));
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
  states_.clear();
  ASSERT_TRUE(await([&](auto done) { platform_->lose(worker, Loss::kRestore, std::move(done)); }));
  ASSERT_TRUE(reaches([&] { return is_waiting("cache-aaaaa"); }));
}

TEST_P(LocalPods, StopAllLeavesNoProcess) {
  for (const char* name : {"cache-aaaaa", "cache-bbbbb", "cache-ccccc"}) create(name);
  grant("cache-aaaaa");
  grant("cache-bbbbb");
  bool stopped = false;
  const auto begin = std::chrono::steady_clock::now();
  platform_->stop_all(5s, [&] { stopped = true; });
  ASSERT_TRUE(reaches([&] { return stopped; }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
}

TEST_P(LocalPods, AMissingServerIsThePodsTroubleWithItsPath) {
  cluster_.spec.image = "localhost/valkey:none";
  create("cache-aaaaa");
  EXPECT_TRUE(reaches([&] { return pod("cache-aaaaa")->trouble.find((temp_ / "no-server").string()) != std::string::npos; }))
      << pod("cache-aaaaa")->trouble;
}

TEST_P(LocalPods, ASettingNoServerTakesIsThePodsTrouble) {
  cluster_.spec.config = {{"daemonize", "yes"}};
  create("cache-aaaaa");
  EXPECT_TRUE(reaches([&] { return pod("cache-aaaaa")->trouble.find("daemonize") != std::string::npos; })) << pod("cache-aaaaa")->trouble;
  EXPECT_THAT(pod("cache-aaaaa")->trouble, HasSubstr("prepare ended with exit code 1"));
}

INSTANTIATE_TEST_SUITE_P(Valkey, LocalPods, testing::ValuesIn(test::kValkeyLines), [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::platform::local
