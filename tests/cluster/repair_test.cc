// Whatever is changed behind its back, or asked for anew, the cluster becomes what the manifest says.
#include "common/valkey/parse/cluster_nodes.h"
#include "tests/cluster/local_cluster.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>

namespace shardkeeper::test {
namespace {

constexpr int kKeys = 300;

class Repair : public testing::TestWithParam<ValkeyLine> {
 protected:
  void start(LocalCluster& cluster) {
    cluster.start_coordinator();
    ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
    cluster.load(kKeys);
  }
};
INSTANTIATE_TEST_SUITE_P(, Repair, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

bool has_finding(const admin::v1::ClusterStatus& status, const std::string& reason) {
  return std::ranges::any_of(status.findings(), [&](const auto& finding) { return finding.reason() == reason; });
}

std::set<pid_t> server_pids(LocalCluster& cluster) {
  std::set<pid_t> pids;
  for (const auto& pod : cluster.pods()) pids.insert(pod.server);
  return pids;
}

std::string node_id(LocalCluster& cluster, const std::string& pod) { return cluster.client(pod).call({"CLUSTER", "MYID"}).value().text; }

TEST_P(Repair, FollowsTheReplicaCountUpAndDown) {
  LocalClusterOptions options{.line = GetParam()};
  LocalCluster cluster(options);
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  options.replicas_per_shard = 2;
  cluster.write_manifest(options);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  const auto status = *cluster.status();
  for (const auto& shard : status.shards()) {
    std::set<std::string> workers;
    for (const auto& pod : shard.pods()) workers.insert(pod.worker());
    EXPECT_EQ(workers.size(), 3U) << "members of shard " << shard.shard() << " share a worker";
  }
  options.replicas_per_shard = 1;
  cluster.write_manifest(options);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  ASSERT_TRUE(wait_until([&] { return cluster.pods().size() == 6U; }));
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  // Those that left are forgotten by everybody.
  for (const auto& pod : cluster.pods())
    EXPECT_TRUE(wait_until([&] {
      return valkey::parse::parse_cluster_nodes(cluster.client(pod.name).call({"CLUSTER", "NODES"}).value().text)
                 .value()
                 .view.rows.size() == 6U;
    })) << pod.name;
}

TEST_P(Repair, MovesAReplicaBackToItsShard) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto replica = cluster.members(0).at(1);
  const auto wrong = node_id(cluster, cluster.primary(1));
  ASSERT_EQ(cluster.admin_client(replica).call({"CLUSTER", "REPLICATE", wrong}).value().text, "OK");
  ASSERT_TRUE(wait_until([&] { return cluster.has_event("WrongPrimary"); }));
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.members(0).at(1), replica);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Repair, AssignsSlotsThatNobodyOwns) {
  LocalCluster cluster({.line = GetParam(), .replicas_per_shard = 0});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto primary = cluster.primary(0);
  ASSERT_EQ(cluster.admin_client(primary).call({"CLUSTER", "DELSLOTS", "7", "8", "9"}).value().text, "OK");
  ASSERT_TRUE(wait_until([&] {
    return std::ranges::any_of(cluster.events(),
                               [](const auto& event) { return event.message().find("add-slots slots=7-9") != std::string::npos; });
  })) << cluster.status_text();
  ASSERT_TRUE(cluster.wait_for([](const auto& now) { return now.ready() && now.slots_served() == kSlotCount; })) << cluster.status_text();
}

TEST_P(Repair, BringsBackANodeThatForgotEverything) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto replica = cluster.members(2).at(1);
  const auto old_id = node_id(cluster, replica);
  ASSERT_EQ(cluster.admin_client(replica).call({"CLUSTER", "RESET", "HARD"}).value().text, "OK");
  ASSERT_TRUE(cluster.wait_for([](const auto& now) { return !now.ready(); }));
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_NE(node_id(cluster, replica), old_id);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Repair, ReplacesThePodsOfALostWorkerAndClearsUpWhenItIsBack) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  ASSERT_TRUE(cluster.admin().lose("worker-1", admin::v1::LoseWorkerRequest::KILL));
  const auto nothing_on_it = [](const admin::v1::ClusterStatus& now) {
    return std::ranges::all_of(now.shards(), [](const auto& shard) {
      return std::ranges::count_if(shard.pods(), [](const auto& pod) { return pod.ready() && pod.worker() != "worker-1"; }) >= 2;
    });
  };
  ASSERT_TRUE(cluster.wait_for(nothing_on_it)) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  ASSERT_TRUE(cluster.admin().lose("worker-1", admin::v1::LoseWorkerRequest::RESTORE));
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Repair, LeavesTheClusterAsItIsWhenTheManifestIsBad) {
  LocalClusterOptions options{.line = GetParam()};
  LocalCluster cluster(options);
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto pids = server_pids(cluster);
  for (const char* bad :
       {"", "shards: [", "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: test}\nspec: {shards: 2}\n"}) {
    cluster.write_manifest_text(bad);
    ASSERT_TRUE(cluster.wait_for([](const auto& now) { return has_finding(now, "ManifestRejected"); })) << bad << cluster.status_text();
    cluster.write_manifest(options);
    ASSERT_TRUE(cluster.wait_for([](const auto& now) { return now.ready() && !has_finding(now, "ManifestRejected"); }))
        << cluster.status_text();
  }
  cluster.remove_manifest();
  ASSERT_TRUE(cluster.wait_for([](const auto& now) { return has_finding(now, "ManifestRejected"); })) << cluster.status_text();
  EXPECT_EQ(server_pids(cluster), pids);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Repair, ANewCoordinatorAdoptsWhatRuns) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto pids = server_pids(cluster);
  cluster.kill_coordinator();
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(server_pids(cluster), pids);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

TEST_P(Repair, OneOfTwoCoordinatorsActsAndTheOtherTakesOver) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  ChildProcess first = std::move(cluster.coordinator());
  cluster.start_coordinator();
  ASSERT_TRUE(
      wait_until([&] { return read_file(cluster.folder() / "coordinator.log").find("another coordinator leads") != std::string::npos; }));
  EXPECT_TRUE(cluster.coordinator().is_running());
  const auto pids = server_pids(cluster);
  first.kill();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(server_pids(cluster), pids);
  const auto victim = cluster.primary(0);
  ::kill(cluster.pod(victim).server, SIGKILL);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return now.ready() && now.shards(0).pods(0).name() != victim; }))
      << cluster.status_text();
}

// Facts §15: a foreign server at a dead primary's address empties its replicas, unless it cannot log in.
TEST_P(Repair, AForeignServerAtADeadPrimarysAddressEmptiesNobody) {
  LocalCluster cluster({.line = GetParam(), .shards = 1});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  const auto pod = cluster.pod(members[0]);
  cluster.kill_coordinator();  // nobody promotes the replica
  ::kill(pod.agent, SIGKILL);
  ::kill(pod.server, SIGKILL);
  TempDir folder;
  const auto log = folder / "foreign.log";
  ASSERT_TRUE(wait_until([&] {  // until the address is free
    return SyncClient::connect(pod.ip, 6379, std::chrono::milliseconds(200)).has_error();
  }));
  ChildProcess foreign(ChildOptions{.program = valkey_server(GetParam()),
                                    .arguments = {"--bind", pod.ip, "--port", "6379", "--cluster-enabled", "yes", "--save", "", "--dir",
                                                  folder.path().string(), "--protected-mode", "no"},
                                    .environment = {},
                                    .working_folder = folder.path(),
                                    .output = log,
                                    .standard_output = {}});
  auto replica = cluster.client(members[1]);
  const auto keys = replica.call({"DBSIZE"}).value().integer;
  EXPECT_EQ(keys, kKeys);
  // The replica tries again every second: six seconds are several chances to be emptied.
  EXPECT_FALSE(wait_until([&] { return replica.call({"DBSIZE"}).value().integer != kKeys; }, std::chrono::seconds(6)));
  foreign.kill();
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

}  // namespace
}  // namespace shardkeeper::test
