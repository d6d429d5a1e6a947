// A primary on the small side of a split: it writes for a bounded time, others take its place meanwhile, and it comes back as a replica.
//
// All servers share one loopback network, so the split is made with signals, one side's time after the other's: first everybody else is stopped
// and the primary's replica is disconnected, which is what a cut shows to the primary; then the primary is stopped, which is what it shows to the
// others; then all run.
#include "tests/cluster/local_cluster.h"
#include "tests/support/key_slot.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace shardkeeper::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kKeys = 600;

class SmallSide : public testing::TestWithParam<ValkeyLine> {};
INSTANTIATE_TEST_SUITE_P(, SmallSide, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

// The coordinator and every server but `alone`.
void signal_the_others(LocalCluster& cluster, const std::string& alone, int number) {
  cluster.coordinator().signal(number);
  for (const auto& pod : cluster.pods())
    if (pod.name != alone) ::kill(pod.server, number);
}

std::string min_replicas_to_write(LocalCluster& cluster, const std::string& pod) {
  return cluster.admin_client(pod).call({"CONFIG", "GET", "min-replicas-to-write"}).value().items.at(1).text;
}

// The first error reply to a write; empty when it still writes after `deadline`.
std::string write_until_refused(SyncClient& client, const std::string& key, milliseconds deadline) {
  std::string refusal;
  const bool is_refused = wait_until(
      [&] {
        const auto reply = client.call({"SET", key, "small side"});
        if (reply && !reply->is_error()) return false;
        refusal = reply ? reply->text : to_string(reply.error());
        return true;
      },
      deadline);
  return is_refused ? refusal : "";
}

bool leads(const admin::v1::ClusterStatus& now, const std::string& pod) {
  return now.shards(0).pods_size() > 0 && now.shards(0).pods(0).name() == pod && now.shards(0).pods(0).role() == "primary";
}

TEST_P(SmallSide, PrimaryStopsWritingAndComesBackAsAReplica) {
  LocalCluster cluster({.line = GetParam(), .more_spec = "  config: {cluster-node-timeout: \"1000\"}\n"});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(kKeys);
  const auto members = cluster.members(0);
  const auto old_primary = cluster.pod(members[0]);
  auto client = cluster.client(members[0]);
  const std::string key = "{" + tag_of_slot(1) + "}small side";

  signal_the_others(cluster, members[0], SIGSTOP);
  EXPECT_EQ(cluster.admin_client(members[0]).call({"CLIENT", "KILL", "TYPE", "replica"}).value().integer, 1);
  EXPECT_EQ(client.call({"SET", key, "small side"}).value().text, "OK");
  // The server refuses by itself after 1.3 to 1.5 node timeouts; the rest is for a busy machine.
  const auto refusal = write_until_refused(client, key, seconds(20));
  EXPECT_TRUE(refusal.starts_with("CLUSTERDOWN") || refusal.starts_with("NOREPLICAS")) << "after twenty node timeouts: " << refusal;
  EXPECT_TRUE(wait_until([&] { return min_replicas_to_write(cluster, members[0]) == "255"; })) << "its agent has not raised the fence";

  ::kill(old_primary.server, SIGSTOP);
  signal_the_others(cluster, members[0], SIGCONT);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return leads(now, members[1]); })) << cluster.status_text();
  WriteCheckerOptions options;
  for (const auto& pod : cluster.pods())
    if (pod.name != members[0]) options.client.seeds.push_back({pod.ip, 6379, 0});
  options.pause = milliseconds(2);
  WriteChecker checker(options);
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged_in(1) > 100; }));

  ::kill(old_primary.server, SIGCONT);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_TRUE(leads(*cluster.status(), members[1]));
  EXPECT_EQ(cluster.pod(members[0]).server, old_primary.server);
  EXPECT_TRUE(wait_until([&] { return min_replicas_to_write(cluster, members[0]) == "0"; })) << "the fence was not lifted";
  checker.stop();
  const auto report = checker.verify();
  EXPECT_TRUE(report.is_clean()) << to_text(report);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  EXPECT_EQ(cluster.client(members[1]).call({"EXISTS", key}).value().integer, 0) << "what only the small side had cannot have been kept";
}

// Facts §15: a coordinator that sees one of three primaries promotes the replicas on its side, and the other side, which has a majority, loses
// everything it wrote. So it waits and says what a person may decide. (When the others wake, Valkey may elect; that loses nothing.)
TEST_P(SmallSide, CoordinatorWaitsWhereAMajorityMayBeOutOfSight) {
  LocalCluster cluster({.line = GetParam(), .more_spec = "  config: {cluster-node-timeout: \"1000\"}\n"});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(kKeys);
  const auto own_worker = cluster.pod(cluster.primary(0)).worker;
  const auto lose_the_others = [&](admin::v1::LoseWorkerRequest::Mode mode) {
    for (const std::string worker : {"worker-1", "worker-2", "worker-3"})
      if (worker != own_worker && !cluster.admin().lose(worker, mode)) ADD_FAILURE() << worker << " cannot be lost";
  };

  lose_the_others(admin::v1::LoseWorkerRequest::STOP);
  ASSERT_TRUE(cluster.wait_for([](const auto& now) {
    return std::ranges::any_of(now.findings(), [](const auto& finding) { return finding.reason() == "QuorumUnreachable"; });
  })) << cluster.status_text();
  // Four node timeouts are twice what a silent primary is given where nobody can be out of sight.
  const auto has_promoted = [&](const admin::v1::ClusterStatus& now) {
    int primaries_here = 0;
    for (const auto& shard : now.shards())
      for (const auto& pod : shard.pods()) primaries_here += pod.worker() == own_worker && pod.role() == "primary" ? 1 : 0;
    return primaries_here > 1;
  };
  EXPECT_FALSE(cluster.wait_for(has_promoted, seconds(4))) << cluster.status_text();

  lose_the_others(admin::v1::LoseWorkerRequest::RESTORE);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

}  // namespace
}  // namespace shardkeeper::test
