// Who takes over when a primary dies: the freshest replica that has finished a sync, and nobody else (architecture §6, facts §15).
#include "tests/cluster/local_cluster.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace shardkeeper::test {
namespace {

constexpr int kKeys = 600;

class Succession : public testing::TestWithParam<ValkeyLine> {
 protected:
  void start(LocalCluster& cluster) {
    cluster.start_coordinator();
    ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
    cluster.load(kKeys);
  }
};
INSTANTIATE_TEST_SUITE_P(, Succession, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

void set(SyncClient& client, const std::string& name, const std::string& value) {
  const auto reply = client.call({"CONFIG", "SET", name, value});
  ASSERT_TRUE(reply && reply->text == "OK") << name << ": " << (reply ? reply->text : to_string(reply.error()));
}

bool info_says(SyncClient& client, const std::string& what) {
  const auto reply = client.call({"INFO", "replication"});
  return reply && reply->text.find(what) != std::string::npos;
}

std::int64_t offset_of(SyncClient& client) {
  static constexpr std::string_view kField = "master_repl_offset:";
  const auto text = client.call({"INFO", "replication"}).value().text;
  return std::atoll(text.c_str() + text.find(kField) + kField.size());
}

// 200 keys take 40 s to send: whoever syncs with it now does so for the rest of the test.
void slow_down_syncs_with(LocalCluster& cluster, const std::string& primary) {
  auto client = cluster.admin_client(primary);
  set(client, "rdb-key-save-delay", "200000");
}

// Its server is killed and, as a new node, begins its first sync. Its shard's primary must be slow.
void begin_first_sync(LocalCluster& cluster, const std::string& replica) {
  const auto before = cluster.pod(replica);
  ::kill(before.server, SIGKILL);
  ASSERT_TRUE(wait_until(
      [&] {
        if (cluster.pod(replica).server == before.server) return false;
        auto client = SyncClient::connect(before.ip, 6379, std::chrono::seconds(1));
        return client && info_says(*client, "master_sync_in_progress:1");
      },
      std::chrono::seconds(20), std::chrono::milliseconds(20)))
      << cluster.status_text();
}

// Alive, and without the stream of its primary until restore_link(); in between it only grows older.
std::string cut_link(LocalCluster& cluster, const std::string& replica) {
  auto client = cluster.admin_client(replica);
  const auto password = client.call({"CONFIG", "GET", "masterauth"}).value().items.at(1).text;
  set(client, "masterauth", "wrong");
  EXPECT_GE(client.call({"CLIENT", "KILL", "TYPE", "master"}).value().integer, 1);
  EXPECT_TRUE(wait_until([&] { return info_says(client, "master_link_status:down"); }));
  return password;
}

void restore_link(LocalCluster& cluster, const std::string& replica, const std::string& password) {
  auto client = cluster.admin_client(replica);
  set(client, "masterauth", password);
}

WriteCheckerOptions gentle_writer(LocalCluster& cluster) {
  WriteCheckerOptions options;
  for (const auto& pod : cluster.pods()) options.client.seeds.push_back({pod.ip, 6379, 0});
  options.pause = std::chrono::milliseconds(2);
  return options;
}

// Its name, as soon as it is another one than `old`; empty when that takes too long.
std::string next_primary(LocalCluster& cluster, int shard, const std::string& old) {
  std::string name;
  const bool found = cluster.wait_for([&](const admin::v1::ClusterStatus& now) {
    const auto& pods = now.shards(shard).pods();
    if (pods.empty() || pods[0].role() != "primary" || pods[0].name() == old) return false;
    name = pods[0].name();
    return true;
  });
  return found ? name : std::string();
}

bool has_finding(const admin::v1::ClusterStatus& status, const std::string& reason, const std::string& detail) {
  return std::ranges::any_of(status.findings(), [&](const auto& finding) {
    return finding.reason() == reason && finding.detail().find(detail) != std::string::npos;
  });
}

// Replication is asynchronous: what was acknowledged in the last moments before a kill may not have left the process.
void expect_hardly_anything_lost(WriteChecker& checker) {
  checker.stop();
  const auto report = checker.verify();
  EXPECT_EQ(report.failed, 0U) << to_text(report);
  EXPECT_EQ(report.wrong, 0U) << to_text(report);
  EXPECT_EQ(report.unreadable, 0U) << to_text(report);
  EXPECT_LE(report.lost, 5U) << to_text(report);
}

// Facts §15: FORCE on a replica in its first sync wins, and empties the good ones.
TEST_P(Succession, GoesToTheSyncedReplicaAndNotToOneInItsFirstSync) {
  LocalCluster cluster({.line = GetParam(), .replicas_per_shard = 2});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  ASSERT_NO_FATAL_FAILURE(slow_down_syncs_with(cluster, members[0]));
  ASSERT_NO_FATAL_FAILURE(begin_first_sync(cluster, members[1]));
  WriteChecker checker(gentle_writer(cluster));
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 300; }));

  ::kill(cluster.pod(members[0]).server, SIGKILL);
  EXPECT_EQ(next_primary(cluster, 0, members[0]), members[2]) << cluster.status_text();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.primary(0), members[2]);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  expect_hardly_anything_lost(checker);
}

// Facts §15: FORCE on a stale replica wins, and the fresher one loses the difference.
TEST_P(Succession, GoesToTheFreshestReplica) {
  LocalCluster cluster({.line = GetParam(), .replicas_per_shard = 2});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  const auto password = cut_link(cluster, members[1]);
  WriteChecker checker(gentle_writer(cluster));
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 1000; }));
  auto stale = cluster.client(members[1]);
  auto fresh = cluster.client(members[2]);
  EXPECT_LT(offset_of(stale), offset_of(fresh));

  ::kill(cluster.pod(members[0]).server, SIGKILL);
  EXPECT_EQ(next_primary(cluster, 0, members[0]), members[2]) << cluster.status_text();
  restore_link(cluster, members[1], password);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  expect_hardly_anything_lost(checker);
}

// A stopped replica cannot say how much it has, so nobody is forced; Valkey's election chooses among those that answer.
TEST_P(Succession, IsLeftToTheElectionWhileAReplicaIsStopped) {
  LocalCluster cluster({.line = GetParam(), .replicas_per_shard = 2, .more_spec = "  config: {cluster-node-timeout: \"1000\"}\n"});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  const auto stopped = cluster.pod(members[1]).server;
  ::kill(stopped, SIGSTOP);
  WriteChecker checker(gentle_writer(cluster));
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 300; }));

  ::kill(cluster.pod(members[0]).server, SIGKILL);
  EXPECT_EQ(next_primary(cluster, 0, members[0]), members[2]) << cluster.status_text();
  EXPECT_TRUE(cluster.has_event("LeftToElection")) << cluster.status_text();
  ::kill(stopped, SIGCONT);
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.pod(members[1]).server, stopped);
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  expect_hardly_anything_lost(checker);
}

// The data died with the primary: that is said, and why, before the slots are served again without it.
TEST_P(Succession, HasNobodyWhenTheOnlyReplicaIsInItsFirstSync) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  const auto keys_there = cluster.client(members[0]).call({"DBSIZE"}).value().integer;
  ASSERT_NO_FATAL_FAILURE(slow_down_syncs_with(cluster, members[0]));
  ASSERT_NO_FATAL_FAILURE(begin_first_sync(cluster, members[1]));

  ::kill(cluster.pod(members[0]).server, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return cluster.has_event("ShardLost"); }, std::chrono::seconds(20))) << cluster.status_text();
  const auto events = cluster.events();
  EXPECT_TRUE(std::ranges::any_of(events, [&](const admin::v1::Event& event) {
    return event.reason() == "NoCandidate" && event.message().find(members[1] + " has not finished a sync") != std::string::npos;
  })) << cluster.status_text();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys - keys_there) << "the other shards have lost keys, or this one serves half a copy";
}

// A replica that syncs anew keeps its old copy until the new one is complete. When the primary dies meanwhile, that copy is all there is: not
// promoted by itself, because it is old, and not thrown away either; a person may choose it.
TEST_P(Succession, LeavesAnOldCopyToAPersonWhenNoOtherIsLeft) {
  LocalCluster cluster({.line = GetParam()});
  ASSERT_NO_FATAL_FAILURE(start(cluster));
  const auto members = cluster.members(0);
  auto primary = cluster.admin_client(members[0]);
  auto replica = cluster.client(members[1]);
  const auto keys_there = replica.call({"DBSIZE"}).value().integer;
  ASSERT_NO_FATAL_FAILURE(set(primary, "repl-backlog-size", "16384"));
  const auto password = cut_link(cluster, members[1]);
  WriteCheckerOptions options = gentle_writer(cluster);
  options.value_bytes = 1000;  // soon more than the backlog holds
  WriteChecker checker(options);
  ASSERT_TRUE(checker.start());
  ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > 300; }));
  checker.stop();
  ASSERT_NO_FATAL_FAILURE(slow_down_syncs_with(cluster, members[0]));
  restore_link(cluster, members[1], password);
  // Until its agent has seen it, too: five seconds without a stream end its readiness.
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return now.shards(0).pods(1).reason() == "FirstSync"; })) << cluster.status_text();
  ASSERT_TRUE(info_says(replica, "master_sync_in_progress:1"));

  ::kill(cluster.pod(members[0]).server, SIGKILL);
  ASSERT_TRUE(cluster.wait_for([&](const auto& now) { return has_finding(now, "NoCandidate", members[1] + " has not finished a sync"); }))
      << cluster.status_text();
  // It tries its dead primary every second: three seconds are several chances for a wrong start or promotion to show.
  const auto is_gone = [&] { return replica.call({"DBSIZE"}).value().integer != keys_there || !info_says(replica, "role:slave"); };
  EXPECT_FALSE(wait_until(is_gone, std::chrono::seconds(3))) << cluster.status_text();
  EXPECT_FALSE(cluster.has_event("ShardLost"));
  EXPECT_FALSE(std::filesystem::exists(cluster.pod(members[0]).volume / "grant"));

  EXPECT_FALSE(cluster.admin().accept_stale(cluster.members(1)[1])) << "the word was taken for a replica whose primary lives";
  ASSERT_TRUE(cluster.admin().accept_stale(members[1]));
  EXPECT_EQ(next_primary(cluster, 0, members[0]), members[1]) << cluster.status_text();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(replica.call({"DBSIZE"}).value().integer, keys_there) << "not the whole old copy is served";
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

}  // namespace
}  // namespace shardkeeper::test
