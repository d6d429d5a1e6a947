#include "agent/core/round.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using valkey::Reply;

Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }

const std::string kId(40, 'a');
const std::string kInfo =
    "# Server\r\nvalkey_version:8.0.1\r\nrun_id:r\r\nmaxclients:100\r\nused_cpu_user:0.25\r\nloading:0\r\nrole:master\r\nmaster_replid:" +
    kId + "\r\nmaster_repl_offset:7\r\ndb0:keys=3,expires=1,avg_ttl=0\r\ndb9:keys=4,expires=0,avg_ttl=0\r\n";
const std::string kClusterInfo =
    "cluster_state:ok\r\ncluster_known_nodes:1\r\ncluster_my_epoch:4\r\ncluster_current_epoch:5\r\ncluster_size:1\r\n";
const std::string kNodes = kId + " 127.0.0.1:1@2 myself,master - 0 0 4 connected 0-9\n";

Reply settings(std::string timeout) {
  return {Reply::Kind::kArray, "", 0, {text("min-replicas-to-write"), text("255"), text("cluster-node-timeout"), text(std::move(timeout))}};
}

TEST(ReadRound, TakesWhatIsSaid) {
  const Reply replies[] = {text(kInfo), text(kClusterInfo), text(kNodes), settings("500")};
  const auto round = read_round(Depth::kFull, replies);
  ASSERT_TRUE(round) << to_string(round.error());
  EXPECT_FALSE(round->is_loading);
  EXPECT_TRUE(round->cluster.state_ok);
  EXPECT_EQ(round->cluster.current_epoch, Epoch{5});
  ASSERT_TRUE(round->detail);
  EXPECT_EQ(round->detail->version, (ServerVersion{8, 0, 1}));
  EXPECT_EQ(round->detail->numbers.keys, 7U);
  EXPECT_EQ(round->detail->numbers.keys_expiring, 1U);
  EXPECT_DOUBLE_EQ(round->detail->numbers.cpu_user_seconds, 0.25);
  EXPECT_EQ(round->detail->node_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(round->detail->min_replicas_to_write, 255);
}

TEST(ReadRound, LightHasNoDetail) {
  const Reply replies[] = {text(kInfo), text(kClusterInfo)};
  const auto round = read_round(Depth::kLight, replies);
  ASSERT_TRUE(round);
  EXPECT_FALSE(round->detail);
}

TEST(ReadRound, RefusesWhatItCannotUnderstand) {
  const auto error_with = [](std::size_t at, Reply bad) {
    Reply replies[] = {text(kInfo), text(kClusterInfo), text(kNodes), settings("500")};
    replies[at] = std::move(bad);
    const auto round = read_round(Depth::kFull, replies);
    return round ? std::string("understood") : to_string(round.error());
  };
  EXPECT_EQ(error_with(1, {Reply::Kind::kError, "NOPERM no", 0, {}}), "CLUSTER INFO: NOPERM no");
  EXPECT_EQ(error_with(1, text("")), "CLUSTER INFO: no cluster_state in the reply");
  EXPECT_EQ(error_with(2, text("")), "CLUSTER NODES: no line is flagged myself");
  EXPECT_NE(error_with(2, text("garbage\n")), "understood");
  EXPECT_NE(error_with(0, text("\x01\x02")), "understood");
  EXPECT_EQ(error_with(3, settings("soon")), "CONFIG GET: no number for cluster-node-timeout in the reply");
  EXPECT_EQ(error_with(3, {}), "CONFIG GET: no number for cluster-node-timeout in the reply");
}

}  // namespace
}  // namespace shardkeeper::agent
