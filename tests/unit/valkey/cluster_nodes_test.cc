#include "common/valkey/parse/cluster_nodes.h"

#include <gmock/gmock.h>

namespace shardkeeper::valkey::parse {
namespace {

using testing::HasSubstr;

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(40, 'c');

NodeId id(const std::string& text) { return *NodeId::parse(text); }

// Taken from 8.0.1; 9.1.2 prints the same form.
constexpr std::string_view kPrimarysView =
    "a59d5cf27616f60058f3355ec5801d8b89e80a2f 127.199.8.2:6379@16379 master - 0 1795342799039 2 connected 5001-10000\n"
    "f16e33e3cd9ea48327d3b2bf3caa34729795a506 127.199.8.4:6379@16379 slave db7d38d61610d65b7ab1b5c70905f81b55a05edc 0 1795342799140 1 "
    "connected\n"
    "db7d38d61610d65b7ab1b5c70905f81b55a05edc 127.199.8.1:6379@16379,node-1.example.org myself,master - 0 0 1 connected 0-5000 "
    "[100->-a59d5cf27616f60058f3355ec5801d8b89e80a2f] [5001-<-a59d5cf27616f60058f3355ec5801d8b89e80a2f]\n"
    "70ac8ce7d47f9a700455014113e07f5e2b1cd5aa 127.199.8.3:6379@16379 master,fail - 1795342799544 1795342799039 3 disconnected 10001-16000 "
    "16002 16010-16383\n"
    "6c82960870c74a993d1acbd8319dfaff322edda3 :0@0 master,fail?,noaddr - 0 1795342799039 5 connected\n"
    "fe96382a1e88b4f9a39677205d48897febd45227 127.199.8.4:6379@16379 handshake - 0 0 0 disconnected\n";

TEST(ClusterNodes, ReadsEveryColumnOfARealView) {
  const auto nodes = parse_cluster_nodes(kPrimarysView);
  ASSERT_TRUE(nodes) << to_string(nodes.error());
  ASSERT_EQ(nodes->view.rows.size(), 5U) << "the handshake line is left out";
  EXPECT_TRUE(std::ranges::is_sorted(nodes->view.rows, {}, &NodeRow::id));

  const auto* myself = nodes->myself();
  ASSERT_NE(myself, nullptr);
  EXPECT_EQ(*myself, (NodeRow{.id = id("db7d38d61610d65b7ab1b5c70905f81b55a05edc"),
                              .endpoint = {"127.199.8.1", 6379, 16379},
                              .role = Role::kPrimary,
                              .is_myself = true,
                              .link_connected = true,
                              .config_epoch = {1},
                              .slots = SlotSet::of(0, 5000)}));
  const NodeId peer = id("a59d5cf27616f60058f3355ec5801d8b89e80a2f");
  EXPECT_EQ(nodes->open_slots,
            (std::vector<OpenSlot>{{100, OpenSlot::Direction::kMigrating, peer}, {5001, OpenSlot::Direction::kImporting, peer}}));

  const auto* replica = nodes->view.find(id("f16e33e3cd9ea48327d3b2bf3caa34729795a506"));
  ASSERT_NE(replica, nullptr);
  EXPECT_EQ(replica->role, Role::kReplica);
  EXPECT_EQ(replica->primary_id, myself->id);
  EXPECT_EQ(replica->config_epoch, Epoch{1}) << "a replica shows its primary's epoch";

  const auto* failed = nodes->view.find(id("70ac8ce7d47f9a700455014113e07f5e2b1cd5aa"));
  ASSERT_NE(failed, nullptr);
  EXPECT_TRUE(failed->is_failed);
  EXPECT_FALSE(failed->is_suspected);
  EXPECT_FALSE(failed->link_connected);
  EXPECT_EQ(to_string(failed->slots), "10001-16000,16002,16010-16383");

  const auto* lost = nodes->view.find(id("6c82960870c74a993d1acbd8319dfaff322edda3"));
  ASSERT_NE(lost, nullptr);
  EXPECT_TRUE(lost->has_no_address);
  EXPECT_TRUE(lost->is_suspected);
  EXPECT_FALSE(lost->is_failed);
  EXPECT_EQ(lost->endpoint, Endpoint{});
}

TEST(ClusterNodes, ReadsNodesConf) {
  // 9.1.2, a replica: it holds the open slots of its primary too.
  const auto nodes = parse_nodes_conf(
      "8c462289031bfb7f9e2441e9f94e9b99d2623560 :0@0,,tls-port=0,shard-id=65f3624b905758ac07c423496b3eb2cd56316ac8 master,fail,noaddr - "
      "1795342818529 1795342818000 3 disconnected 10001-16383\n"
      "c69b51b9246724cdb4aebdd7ec5c9a81d4c0ae0d 127.199.9.4:6379@16379,,tls-port=0,shard-id=9d4f4bd725c7fa26f32dbf920144a7226d646182 "
      "myself,slave f2e2b49ae611350086ee4567e974c4cf462ebe05 0 0 1 connected [100->-8c462289031bfb7f9e2441e9f94e9b99d2623560]\n"
      "f2e2b49ae611350086ee4567e974c4cf462ebe05 "
      "127.199.9.1:6379@16379,node-1.example.org,tls-port=0,nodename=cache-7x2kq,shard-id=9d4f4bd725c7fa26f32dbf920144a7226d646182,"
      "availability-zone=a master - 0 1795342817619 1 connected 0-5000\n"
      "vars currentEpoch 5 lastVoteEpoch 0\n");
  ASSERT_TRUE(nodes) << to_string(nodes.error());
  EXPECT_EQ(nodes->view.rows.size(), 3U);
  ASSERT_NE(nodes->myself(), nullptr);
  EXPECT_EQ(nodes->myself()->endpoint, (Endpoint{"127.199.9.4", 6379, 16379}));
  EXPECT_EQ(nodes->open_slots.size(), 1U);
}

TEST(ClusterNodes, AnEmptyTextHasNoRows) {
  for (const std::string_view text : {"", "\n", "\r\n\r\n"}) {
    const auto nodes = parse_cluster_nodes(text);
    ASSERT_TRUE(nodes);
    EXPECT_TRUE(nodes->view.rows.empty());
    EXPECT_EQ(nodes->myself(), nullptr);
  }
  EXPECT_TRUE(parse_nodes_conf("vars currentEpoch 0 lastVoteEpoch 0\n"));
}

struct AddressRow {
  std::string_view field;
  Endpoint expect;
};

TEST(ClusterNodes, ReadsEveryFormOfAddress) {
  const AddressRow rows[] = {
      {"10.0.0.1:6379@16379", {"10.0.0.1", 6379, 16379}},
      {"10.0.0.1:6379@16379,cache-1.example.org", {"10.0.0.1", 6379, 16379}},
      {"10.0.0.1:6379@16379,,shard-id=abc", {"10.0.0.1", 6379, 16379}},
      {":6379@16379", {"", 6379, 16379}},  // myself before the first MEET, where no ip is announced
      {":0@0", {"", 0, 0}},
      {":0@25718", {"", 0, 25718}},  // no TCP port at all
      {"::1:6379@16379", {"::1", 6379, 16379}},
      {"2001:db8::7:6379@16379,host", {"2001:db8::7", 6379, 16379}},
  };
  for (const auto& row : rows) {
    const auto nodes = parse_cluster_nodes(kA + " " + std::string(row.field) + " myself,master - 0 0 0 connected\n");
    ASSERT_TRUE(nodes) << to_string(nodes.error());
    EXPECT_EQ(nodes->myself()->endpoint, row.expect) << row.field;
  }
}

TEST(ClusterNodes, IgnoresUnknownFlagsAndKnowsNewWords) {
  const auto nodes = parse_cluster_nodes(kA + " 10.0.0.1:1@2 myself,primary,nofailover,shiny - 0 0 7 connected\n" + kB +
                                         " 10.0.0.2:1@2 replica " + kA + " 0 0 7 connected\n");
  ASSERT_TRUE(nodes) << to_string(nodes.error());
  EXPECT_EQ(nodes->myself()->role, Role::kPrimary);
  EXPECT_EQ(nodes->view.find(id(kB))->role, Role::kReplica);
}

struct BadRow {
  std::string says;
  std::string text;
  std::string_view expect;
};

std::string line_with(std::string_view id_text, std::string_view address, std::string_view flags, std::string_view rest) {
  return std::string(id_text) + " " + std::string(address) + " " + std::string(flags) + " " + std::string(rest) + "\n";
}

TEST(ClusterNodes, RefusesWhatNoServerPrints) {
  const std::string good = line_with(kC, "10.0.0.9:1@2", "myself,master", "- 0 0 1 connected 0-9");
  const std::string ok = "10.0.0.1:1@2";
  const BadRow rows[] = {
      {"too few fields", kA + " 10.0.0.1:1@2 master - 0 0\n", "expected 8 fields or more"},
      {"only an id", kA, "expected 8 fields or more"},
      {"double space", kA + "  10.0.0.1:1@2 master - 0 0 0 connected\n", "expected 8 fields or more"},
      {"a vars line in a reply", "vars currentEpoch 0 lastVoteEpoch 0\n", "expected 8 fields or more"},
      {"short id", line_with("abc", ok, "master", "- 0 0 1 connected"), "is not 40 hexadecimal digits"},
      {"upper case id", line_with(std::string(40, 'A'), ok, "master", "- 0 0 1 connected"), "is not 40 hexadecimal digits"},
      {"no bus port", line_with(kA, "10.0.0.1:1", "master", "- 0 0 1 connected"), "is not like ip:port@busport"},
      {"no port", line_with(kA, "10.0.0.1@1", "master", "- 0 0 1 connected"), "is not like ip:port@busport"},
      {"colon behind the at", line_with(kA, "10.0.0.1@1:2", "master", "- 0 0 1 connected"), "is not like ip:port@busport"},
      {"port too large", line_with(kA, "10.0.0.1:65536@1", "master", "- 0 0 1 connected"), "port that is not 0..65535"},
      {"port negative", line_with(kA, "10.0.0.1:-1@1", "master", "- 0 0 1 connected"), "port that is not 0..65535"},
      {"port empty", line_with(kA, "10.0.0.1:@1", "master", "- 0 0 1 connected"), "port that is not 0..65535"},
      {"a name as address", line_with(kA, "cache-1:1@2", "master", "- 0 0 1 connected"), "set cluster-announce-ip"},
      {"no role", line_with(kA, ok, "fail,noaddr", "- 0 0 1 connected"), "neither master nor slave"},
      {"bad primary", line_with(kA, ok, "slave", "xyz 0 0 1 connected"), "primary id \"xyz\""},
      {"epoch no number", line_with(kA, ok, "master", "- 0 0 one connected"), "is not a number in \"0 0 one"},
      {"epoch negative", line_with(kA, ok, "master", "- 0 0 -1 connected"), "is not a number"},
      {"epoch too large", line_with(kA, ok, "master", "- 0 0 18446744073709551616 connected"), "is not a number"},
      {"ping no number", line_with(kA, ok, "master", "- x 0 1 connected"), "is not a number"},
      {"link state", line_with(kA, ok, "master", "- 0 0 1 maybe"), "neither connected nor disconnected"},
      {"slot 16384", line_with(kA, ok, "master", "- 0 0 1 connected 16384"), "not within 0..16383"},
      {"slot -1", line_with(kA, ok, "master", "- 0 0 1 connected -1"), "not within 0..16383"},
      {"range backwards", line_with(kA, ok, "master", "- 0 0 1 connected 9-1"), "not within 0..16383"},
      {"range open", line_with(kA, ok, "master", "- 0 0 1 connected 9-"), "not within 0..16383"},
      {"slot no number", line_with(kA, ok, "master", "- 0 0 1 connected 1,2"), "not within 0..16383"},
      {"slots twice", line_with(kA, ok, "master", "- 0 0 1 connected 0-9 5-20"), "not in ascending order"},
      {"slots descending", line_with(kA, ok, "master", "- 0 0 1 connected 20 5"), "not in ascending order"},
      {"empty slot", line_with(kA, ok, "master", "- 0 0 1 connected 1  2"), "not within 0..16383"},
      {"open slot cut off", line_with(kA, ok, "master", "- 0 0 1 connected [93->-"), "open slot \"[93->-\" is malformed"},
      {"open slot without peer", line_with(kA, ok, "master", "- 0 0 1 connected [93->-]"), "is malformed"},
      {"open slot without arrow", line_with(kA, ok, "master", "- 0 0 1 connected [93]"), "is malformed"},
      {"open slot empty", line_with(kA, ok, "master", "- 0 0 1 connected []"), "is malformed"},
      {"open slot wrong arrow", line_with(kA, ok, "master", "- 0 0 1 connected [93-=-" + kB + "]"), "is malformed"},
      {"open slot too large", line_with(kA, ok, "master", "- 0 0 1 connected [16384->-" + kB + "]"), "is malformed"},
  };
  for (const auto& row : rows) {
    const auto nodes = parse_cluster_nodes(good + row.text);
    ASSERT_FALSE(nodes) << row.says;
    EXPECT_EQ(nodes.error().kind, ErrorKind::kInvalid) << row.says;
    EXPECT_EQ(nodes.error().where, "CLUSTER NODES line 2") << row.says;
    EXPECT_THAT(nodes.error().detail, HasSubstr(row.expect)) << row.says;
  }
}

TEST(ClusterNodes, RefusesContradictions) {
  const std::string a = line_with(kA, "10.0.0.1:1@2", "myself,master", "- 0 0 1 connected");
  const std::string b = line_with(kB, "10.0.0.2:1@2", "myself,master", "- 0 0 1 connected");
  EXPECT_THAT(parse_cluster_nodes(a + a).error().detail, HasSubstr("two lines for node " + kA));
  EXPECT_THAT(parse_cluster_nodes(a + b).error().detail, HasSubstr("two lines flagged myself"));
  EXPECT_EQ(parse_nodes_conf(a + b).error().where, "nodes.conf");
}

TEST(ClusterNodes, IsBounded) {
  std::string many;
  for (int i = 0; i < 2001; ++i) many += '\n';
  EXPECT_THAT(parse_cluster_nodes(many).error().detail, HasSubstr("more than 2000 lines"));
  EXPECT_THAT(parse_cluster_nodes(std::string((8U << 20U) + 1, 'x')).error().detail, HasSubstr("longer than 8 MiB"));
}

}  // namespace
}  // namespace shardkeeper::valkey::parse
