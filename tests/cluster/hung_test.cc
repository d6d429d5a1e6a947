// A server that hangs is not dead: it may run on at any moment (architecture §3, facts §15). Here it hangs for longer than the limit.
#include "tests/cluster/local_cluster.h"
#include "tests/support/key_slot.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace shardkeeper::test {
namespace {

constexpr int kKeys = 600;

// Hung after 3 s instead of 30; an election takes half of that.
LocalClusterOptions impatient(ValkeyLine line) {
  return {.line = line, .more_spec = "  config: {cluster-node-timeout: \"1000\"}\n", .environment = {"SHARDKEEPER_HUNG_AFTER_MS=3000"}};
}

class Hung : public testing::TestWithParam<ValkeyLine> {
 protected:
  void start(LocalCluster& cluster) {
    cluster.start_coordinator();
    ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
    cluster.load(kKeys);
  }
};
INSTANTIATE_TEST_SUITE_P(, Hung, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

bool is_gone(LocalCluster& cluster, const std::string& pod) {
  return std::ranges::none_of(cluster.pods(), [&](const PodProcesses& other) { return other.name == pod; });
}

bool has_finding(const admin::v1::ClusterStatus& status, const std::string& reason, const std::string& pod) {
  return std::ranges::any_of(status.findings(), [&](const auto& finding) {
    return finding.reason() == reason && finding.subject().find(pod) != std::string::npos;
  });
}

// Facts §15: what waits in the sockets of a stopped primary is acknowledged the moment it continues, and then lost. So it must not continue once
// its replica was elected: its pod is deleted, and a new one takes its place.
TEST_P(Hung, PrimaryIsElectedAwayAndNeverRunsOn) {
  LocalCluster cluster(impatient(GetParam()));
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  const auto stopped = cluster.pod(members[0]).server;
  auto late = cluster.client(members[0]);
  WriteCheckerOptions options;
  for (const auto& pod : cluster.pods()) options.client.seeds.push_back({pod.ip, 6379, 0});
  options.client.give_up_after = std::chrono::seconds(15);
  options.pause = std::chrono::milliseconds(2);
  WriteChecker checker(options);
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 300; }));

  ::kill(stopped, SIGSTOP);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return now.shards(0).pods(0).name() == members[1]; })) << cluster.status_text();
  EXPECT_TRUE(is_gone(cluster, members[0]) || cluster.pod(members[0]).server == stopped) << "started again before anybody took over";
  // Waits in its socket; the answer would come when it runs on.
  const auto answer = late.call({"SET", "{" + tag_of_slot(1) + "}late", "lost"});
  EXPECT_TRUE(answer.has_error() || answer->is_error()) << "a hung server that was replaced acknowledged a write";
  ASSERT_TRUE(wait_until([&] { return is_gone(cluster, members[0]); }, std::chrono::seconds(20))) << cluster.status_text();
  EXPECT_EQ(::kill(stopped, SIGCONT), -1) << "the hung process is still there";
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.primary(0), members[1]);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  checker.stop();
  const auto report = checker.verify();
  EXPECT_EQ(report.failed, 0U) << to_text(report);
  EXPECT_EQ(report.wrong, 0U) << to_text(report);
  EXPECT_LE(report.lost, 5U) << to_text(report);  // acknowledged in the last moment before the stop
}

// No election is possible with one shard: the coordinator ends the hung server's container, and promotes when that has ended.
TEST_P(Hung, PrimaryOfTheOnlyShardIsReplacedByItsSyncedReplica) {
  auto options = impatient(GetParam());
  options.shards = 1;
  LocalCluster cluster(options);
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  ::kill(cluster.pod(members[0]).server, SIGSTOP);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) {
    return now.shards(0).pods_size() > 0 && now.shards(0).pods(0).name() == members[1];
  })) << cluster.status_text();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_TRUE(is_gone(cluster, members[0]));
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Hung, SoleCopyIsReportedAndLeftAlone) {
  auto options = impatient(GetParam());
  options.replicas_per_shard = 0;
  LocalCluster cluster(options);
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto primary = cluster.primary(1);
  const auto stopped = cluster.pod(primary).server;
  ::kill(stopped, SIGSTOP);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return has_finding(now, "HungSoleCopy", primary); })) << cluster.status_text();
  ::kill(stopped, SIGCONT);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.pod(primary).server, stopped);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

}  // namespace
}  // namespace shardkeeper::test
