// How a coordinator ends: what it leaves running and what it takes with it. None of this is the server's business, so one version does.
#include "tests/cluster/local_cluster.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

std::vector<pid_t> server_pids(LocalCluster& cluster) {
  std::vector<pid_t> pids;
  for (const auto& pod : cluster.pods()) pids.push_back(pod.server);
  return pids;
}

TEST(CoordinatorEnd, WithABadManifestAtTheStartLeavesRunningWhatRan) {
  LocalCluster cluster({});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  const auto pids = server_pids(cluster);
  cluster.kill_coordinator();
  cluster.write_manifest_text("kind: ValkeyCluster\nspec: [\n");
  cluster.start_coordinator();
  const auto ended = cluster.coordinator().wait(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
  EXPECT_EQ(server_pids(cluster), pids);
  for (const auto pid : pids) EXPECT_EQ(::kill(pid, 0), 0) << "a server was ended by a coordinator that could not read its manifest";
}

TEST(CoordinatorEnd, ThatLostItsLeaseLeavesRunningWhatRuns) {
  LocalCluster cluster({});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  const auto pids = server_pids(cluster);
  ASSERT_TRUE(std::filesystem::remove(cluster.folder() / "state/lease"));
  const auto ended = cluster.coordinator().wait(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
  for (const auto pid : pids) EXPECT_EQ(::kill(pid, 0), 0) << "a server was ended by a coordinator that does not lead any more";
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(server_pids(cluster), pids);
}

class Demo : public testing::Test {
 protected:
  Finished demo(const std::string& server) {
    return run({.program = coordinator_program(),
                .arguments = {"demo", "--once", "--server", valkey_version(ValkeyLine::k8) + "=" + server},
                .environment = {},
                .working_folder = {},
                .output = {},
                .standard_output = {}},
               80s);
  }
  ProcessTree tree_;
};

TEST_F(Demo, OnceShowsWritesReadsAndLeavesNothing) {
  const auto done = demo(valkey_server(ValkeyLine::k8).string());
  EXPECT_EQ(done.status, ExitStatus{}) << done.output;
  EXPECT_NE(done.output.find("wrote and read a key on each of 3 shards"), std::string::npos) << done.output;
  EXPECT_TRUE(wait_until([] { return ProcessTree::descendants().empty(); }));
}

TEST_F(Demo, ThatCannotStartAServerSaysWhy) {
  const auto done = demo("/nowhere/valkey-server");
  EXPECT_EQ(done.status.code, 1) << done.output;
  EXPECT_NE(done.output.find("/nowhere/valkey-server"), std::string::npos) << done.output;
  EXPECT_TRUE(wait_until([] { return ProcessTree::descendants().empty(); }));
}

}  // namespace
}  // namespace shardkeeper::test
