// The parsers on what real servers of both versions print: an hour-old table in a test file would not notice a changed column.
#include "common/valkey/parse/cluster_nodes.h"
#include "common/valkey/parse/info.h"
#include "common/valkey/parse/version_line.h"
#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>

namespace shardkeeper::valkey::parse {
namespace {

using namespace std::chrono_literals;
using test::ValkeyProcess;
using test::wait_until;

class ParseValkeyTest : public testing::TestWithParam<test::ValkeyLine> {
 protected:
  // Server n of the cluster, at address n of the block.
  void start(int n, std::vector<std::pair<std::string, std::string>> settings = {}) {
    const auto folder = folder_ / std::to_string(n);
    std::filesystem::create_directory(folder);
    settings.emplace_back("cluster-node-timeout", "1000");
    settings.emplace_back("replica-announce-ip", block_.address(n));
    servers_.push_back(std::make_unique<ValkeyProcess>(test::ValkeyOptions{
        .program = test::valkey_server(GetParam()), .ip = block_.address(n), .folder = folder, .settings = std::move(settings)}));
  }
  ValkeyProcess& server(int n) { return *servers_.at(static_cast<std::size_t>(n) - 1); }
  std::string address(int n) const { return block_.address(n); }
  NodeId id(int n) { return *NodeId::parse(server(n).ask({"CLUSTER", "MYID"})); }

  Result<ClusterNodes> nodes(int n) { return parse_cluster_nodes(server(n).ask({"CLUSTER", "NODES"})); }
  // What node n says of the node `wanted`, where it knows it.
  std::optional<NodeRow> row_of(const NodeId& wanted, int n) {
    const auto seen = nodes(n);
    const NodeRow* row = seen ? seen->view.find(wanted) : nullptr;
    return row != nullptr ? std::optional(*row) : std::nullopt;
  }
  Result<ReplicationInfo> replication(int n) {
    const std::string text = server(n).ask({"INFO", "everything"});
    const auto info = Info::parse(text);
    if (!info) return info.error();
    return parse_replication(*info);
  }

 private:
  test::TempDir folder_;
  test::LoopbackBlock block_;
  std::vector<std::unique_ptr<ValkeyProcess>> servers_;
};

TEST_P(ParseValkeyTest, VersionLineAndInfoNameTheSameVersion) {
  start(1);
  const auto printed = test::run({.program = test::valkey_server(GetParam()), .arguments = {"--version"}}, 10s).output;
  const auto version = parse_version_line(printed);
  ASSERT_TRUE(version) << to_string(version.error());
  EXPECT_TRUE(is_supported(*version));
  const std::string text = server(1).ask({"INFO", "everything"});
  const auto info = Info::parse(text);
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->get("valkey_version"), to_string(*version));
  EXPECT_EQ(info->number("loading"), 0U);
  EXPECT_GT(info->number("used_memory").value_or(0), 0U);
}

TEST_P(ParseValkeyTest, ALonelyNode) {
  start(1, {{"cluster-announce-ip", ""}});
  const auto view = nodes(1);
  ASSERT_TRUE(view) << to_string(view.error());
  ASSERT_NE(view->myself(), nullptr);
  EXPECT_EQ(view->myself()->id, id(1));
  EXPECT_EQ(view->myself()->endpoint, (Endpoint{"", 6379, 16379})) << "nobody has told it its address";
  EXPECT_EQ(view->myself()->config_epoch, Epoch{0});

  const auto stored = parse_nodes_conf(test::read_file(server(1).options().folder / "nodes.conf"));
  ASSERT_TRUE(stored) << to_string(stored.error());
  EXPECT_EQ(*stored, *view);

  const auto info = replication(1);
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->role, Role::kPrimary);
}

// Two primaries and a replica, an open slot, then a dead primary: every column and flag that decisions rest on.
TEST_P(ParseValkeyTest, AClusterInItsLife) {
  for (int n = 1; n <= 3; ++n)
    start(n, n == 1 ? std::vector<std::pair<std::string, std::string>>{{"cluster-announce-hostname", "node-1.example.org"}}
                    : std::vector<std::pair<std::string, std::string>>{});
  for (int n = 1; n <= 3; ++n) ASSERT_EQ(server(n).ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(n)}), "OK");
  for (int n = 2; n <= 3; ++n) ASSERT_EQ(server(1).ask({"CLUSTER", "MEET", address(n), "6379"}), "OK");
  ASSERT_TRUE(nodes(1)) << "handshake lines are read over";
  ASSERT_TRUE(wait_until([this] { return nodes(1)->view.rows.size() == 3 && nodes(3)->view.rows.size() == 3; }));
  ASSERT_EQ(server(1).ask({"CLUSTER", "ADDSLOTSRANGE", "0", "99", "200", "200", "202", "8000"}), "OK");
  ASSERT_EQ(server(2).ask({"CLUSTER", "ADDSLOTSRANGE", "8001", "16383"}), "OK");
  ASSERT_EQ(server(3).ask({"CLUSTER", "REPLICATE", id(1).str()}), "OK");
  ASSERT_TRUE(
      wait_until([this] { return replication(3)->replication.link_up && replication(1)->replication.online_replicas.size() == 1; }));

  const auto primary_info = replication(1);
  const auto replica_info = replication(3);
  EXPECT_EQ(replica_info->role, Role::kReplica);
  EXPECT_EQ(replica_info->replication.replication_id, primary_info->replication.replication_id);
  EXPECT_EQ(primary_info->replication.online_replicas[0].endpoint, (Endpoint{address(3), 6379, 0}));

  // The replica acknowledges first; where it is slow, the same command is repeated.
  ASSERT_TRUE(wait_until([this] { return server(1).ask({"CLUSTER", "SETSLOT", "7", "MIGRATING", id(2).str()}) == "OK"; }));
  const auto view = nodes(1);
  ASSERT_TRUE(view) << to_string(view.error());
  EXPECT_EQ(to_string(view->myself()->slots), "0-99,200,202-8000");
  EXPECT_EQ(view->open_slots, (std::vector<OpenSlot>{{7, OpenSlot::Direction::kMigrating, id(2)}}));
  EXPECT_EQ(view->myself()->endpoint, (Endpoint{address(1), 6379, 16379}));
  ASSERT_TRUE(row_of(id(2), 1));
  EXPECT_EQ(row_of(id(2), 1)->config_epoch, Epoch{2});
  EXPECT_TRUE(wait_until([this] {
    const auto row = row_of(id(3), 2);
    return row && row->primary_id == id(1);
  }));
  EXPECT_TRUE(wait_until([this] { return agreement_hash(nodes(1)->view) == agreement_hash(nodes(3)->view); }))
      << "nodes that agree, hash alike";
  const auto stored = parse_nodes_conf(test::read_file(server(1).options().folder / "nodes.conf"));
  ASSERT_TRUE(stored) << to_string(stored.error());
  EXPECT_EQ(stored->open_slots, view->open_slots);

  const NodeId dead = id(2);
  server(2).kill();
  ASSERT_TRUE(wait_until([this, dead] {
    const auto row = row_of(dead, 1);
    return row && (row->is_suspected || row->is_failed) && !row->link_connected;
  }));
  const NodeId gone = id(1);
  server(1).kill();
  ASSERT_TRUE(wait_until([this] { return !replication(3)->replication.link_up; }));
  EXPECT_TRUE(wait_until([this] { return replication(3)->replication.link_down_for >= 1s; }));
  EXPECT_TRUE(row_of(gone, 3));
}

INSTANTIATE_TEST_SUITE_P(Valkey, ParseValkeyTest, testing::ValuesIn(test::kValkeyLines),
                         [](const auto& info) { return test::to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::valkey::parse
