// Promise P1 and P2: a cluster is made by our own commands, and Ready means what it says.
#include "common/valkey/parse/cluster_nodes.h"
#include "tests/cluster/local_cluster.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace shardkeeper::test {
namespace {

class Create : public testing::TestWithParam<ValkeyLine> {};
INSTANTIATE_TEST_SUITE_P(, Create, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

TopologyView view_of(LocalCluster& cluster, const std::string& pod) {
  const auto reply = cluster.client(pod).call({"CLUSTER", "NODES"});
  return valkey::parse::parse_cluster_nodes(reply.value().text).value().view;
}

TEST_P(Create, GivesDistinctEpochsAllSlotsAndSpread) {
  LocalCluster cluster({.line = GetParam()});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  const auto status = *cluster.status();

  std::map<std::string, int> primaries;
  for (const auto& shard : status.shards()) {
    ++primaries[shard.pods(0).worker()];
    EXPECT_NE(shard.pods(0).worker(), shard.pods(1).worker()) << "members of shard " << shard.shard() << " share a worker";
  }
  EXPECT_EQ(primaries.size(), 3U) << "primaries are not spread over the three workers";

  for (const auto& pod : cluster.pods()) {
    const auto view = view_of(cluster, pod.name);
    std::set<Epoch> epochs;
    SlotSet slots;
    for (const auto& row : view.rows) {
      if (row.role != Role::kPrimary) continue;
      epochs.insert(row.config_epoch);
      slots = slots.united(row.slots);
    }
    EXPECT_EQ(view.rows.size(), 6U);
    EXPECT_EQ(epochs.size(), 3U) << "epochs are not distinct as " << pod.name << " sees them";
    EXPECT_EQ(slots, SlotSet::all());
  }
}

TEST_P(Create, OneShardWithoutReplica) {
  LocalCluster cluster({.line = GetParam(), .shards = 1, .replicas_per_shard = 0});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(100);
  EXPECT_EQ(cluster.readable(100), 100);
}

TEST_P(Create, StopsEverythingAtTheEnd) {
  LocalCluster cluster({.line = GetParam()});
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.stop_coordinator(), (ExitStatus{0, 0}));
  EXPECT_TRUE(ProcessTree::descendants().empty()) << "processes are left behind";
}

// The coordinator is killed at many instants of a creation; each time its successor finishes what it finds.
TEST_P(Create, SurvivesItsCoordinatorKilledAtAnyInstant) {
  for (const int after_ms : {5, 30, 60, 100, 150, 200, 260, 330, 400, 600, 1000, 2000}) {
    SCOPED_TRACE("killed after " + std::to_string(after_ms) + " ms");
    LocalCluster cluster({.line = GetParam()});
    cluster.start_coordinator();
    // The instant is what is swept here; nothing is waited for.
    EXPECT_FALSE(cluster.coordinator().wait(std::chrono::milliseconds(after_ms)).has_value());
    cluster.kill_coordinator();
    cluster.start_coordinator();
    ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
    EXPECT_EQ(cluster.pods().size(), 6U);
    std::set<Epoch> epochs;
    for (const auto& row : view_of(cluster, cluster.primary(0)).rows)
      if (row.role == Role::kPrimary) epochs.insert(row.config_epoch);
    EXPECT_EQ(epochs.size(), 3U);
  }
}

}  // namespace
}  // namespace shardkeeper::test
