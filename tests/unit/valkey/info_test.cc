#include "common/valkey/parse/info.h"

#include <gmock/gmock.h>

namespace shardkeeper::valkey::parse {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kReplid = "master_replid:4591c3760c511140c7859c3accfff39139fb7592\r\n";

Result<ReplicationInfo> replication_of(const std::string& text) {
  const auto info = Info::parse(text);
  if (!info) return info.error();
  return parse_replication(*info);
}

TEST(Info, ReadsSectionsKeysAndNumbers) {
  const auto info = Info::parse(
      "# Server\r\nvalkey_version:9.1.2\r\n\r\n# Persistence\r\nloading:0\r\nconfig_file:\r\nexecutable:/a:b\r\nloading:1\r\nneg:-1\r\n");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->get("valkey_version"), "9.1.2");
  EXPECT_EQ(info->number("loading"), 0U) << "the first of equal keys counts";
  EXPECT_EQ(info->get("config_file"), "");
  EXPECT_EQ(info->number("config_file"), std::nullopt);
  EXPECT_EQ(info->get("executable"), "/a:b");
  EXPECT_EQ(info->number("neg"), std::nullopt);
  EXPECT_EQ(info->number("valkey_version"), std::nullopt);
  EXPECT_EQ(info->get("absent"), std::nullopt);
  EXPECT_TRUE(info->is("loading", "0"));
  EXPECT_FALSE(info->is("absent", ""));
}

TEST(Info, RefusesWhatIsNoInfo) {
  EXPECT_THAT(Info::parse("# Server\r\nnonsense\r\n").error().detail, HasSubstr("line 2: expected key:value, got \"nonsense\""));
  EXPECT_THAT(Info::parse(":value\n").error().detail, HasSubstr("expected key:value"));
  EXPECT_THAT(Info::parse(std::string_view("\0\xff\n", 3)).error().detail, HasSubstr("got \"??\""));
  EXPECT_THAT(Info::parse(std::string(2001, '\n')).error().detail, HasSubstr("more than 2000 lines"));
  EXPECT_THAT(Info::parse(std::string((1U << 20U) + 1, 'a')).error().detail, HasSubstr("longer than 1 MiB"));
  EXPECT_TRUE(Info::parse(""));
}

TEST(Replication, OfAPrimaryListsOnlineReplicasSorted) {
  const auto result = replication_of(
      "role:master\r\nconnected_slaves:5\r\n"
      "slave0:ip=10.0.0.3,port=6379,state=online,offset=263,lag=0,type=replica\r\n"
      "slave1:ip=10.0.0.2,port=6379,state=online,offset=300,lag=1\r\n"
      "slave2:ip=10.0.0.4,port=6379,state=wait_bgsave,offset=0,lag=0,type=replica\r\n"
      "slave3:ip=10.0.0.5,port=6379,state=send_bulk,offset=0,lag=0,type=rdb-channel\r\n"
      "slave4:ip=fd00::7,port=6380,state=online,offset=1,lag=0,type=replica\r\n" +
      kReplid + "master_repl_offset:300\r\nasync_loading:0\r\n");
  ASSERT_TRUE(result) << to_string(result.error());
  EXPECT_EQ(result->role, Role::kPrimary);
  EXPECT_EQ(result->replication.replication_id, "4591c3760c511140c7859c3accfff39139fb7592");
  EXPECT_EQ(result->replication.offset_bytes, 300U);
  EXPECT_EQ(result->replication.online_replicas,
            (std::vector<OnlineReplica>{{{"10.0.0.2", 6379, 0}, 300}, {{"10.0.0.3", 6379, 0}, 263}, {{"fd00::7", 6380, 0}, 1}}));
  EXPECT_FALSE(result->loading_async);
}

struct ReplicaRow {
  std::string_view says;
  std::string_view text;
  bool link_up;
  std::chrono::milliseconds down_for;
  bool sync_in_progress;
};

TEST(Replication, OfAReplicaTellsTheLink) {
  const ReplicaRow rows[] = {
      {"up", "master_link_status:up\r\nmaster_sync_in_progress:0\r\n", true, 0ms, false},
      {"down for 7 s", "master_link_status:down\r\nmaster_link_down_since_seconds:7\r\nmaster_sync_in_progress:0\r\n", false, 7s, false},
      {"never up, syncing", "master_link_status:down\r\nmaster_link_down_since_seconds:-1\r\nmaster_sync_in_progress:1\r\n", false, 0ms,
       true},
      {"nonsense is bounded", "master_link_status:down\r\nmaster_link_down_since_seconds:18446744073709551615\r\n", false, 1'000'000'000s,
       false},
  };
  for (const auto& row : rows) {
    const auto result = replication_of("role:slave\r\nslave_read_repl_offset:510\r\nslave_repl_offset:505\r\nmaster_repl_offset:510\r\n" +
                                       kReplid + std::string(row.text) + "async_loading:1\r\n");
    ASSERT_TRUE(result) << row.says << to_string(result.error());
    EXPECT_EQ(result->role, Role::kReplica);
    EXPECT_EQ(result->replication.offset_bytes, 505U) << "applied, not only received";
    EXPECT_EQ(result->replication.link_up, row.link_up) << row.says;
    EXPECT_EQ(result->replication.link_down_for, row.down_for) << row.says;
    EXPECT_EQ(result->replication.sync_in_progress, row.sync_in_progress) << row.says;
    EXPECT_FALSE(result->replication.has_synced);
    EXPECT_TRUE(result->loading_async);
  }
}

struct BadRow {
  std::string text;
  std::string_view expect;
};

TEST(Replication, RefusesWhatIsMissingOrMalformed) {
  const std::string primary = "role:master\r\nmaster_repl_offset:1\r\n" + kReplid;
  const std::string expected = "expected ip, port, state and offset";
  const BadRow rows[] = {
      {"loading:0\r\n", "role is neither master nor slave, but \"missing\""},
      {"role:sentinel\r\n", "but \"sentinel\""},
      {"role:master\r\n" + kReplid, "master_repl_offset"},
      {"role:master\r\nmaster_repl_offset:x\r\n" + kReplid, "master_repl_offset"},
      {"role:slave\r\nmaster_repl_offset:1\r\n" + kReplid, "slave_repl_offset"},
      {"role:master\r\nmaster_repl_offset:1\r\n", "master_replid is not 40 digits"},
      {"role:master\r\nmaster_repl_offset:1\r\nmaster_replid:" + std::string(40, '\xff') + "\r\n", "master_replid is not 40 digits"},
      {primary + "slave0:\r\n", expected},
      {primary + "slave0:ip=10.0.0.1,port=1,state=online\r\n", expected},
      {primary + "slave0:ip=10.0.0.1,port=1,offset=1\r\n", expected},
      {primary + "slave0:ip=10.0.0.1,port=99999,state=online,offset=1\r\n", expected},
      {primary + "slave0:ip=,port=1,state=online,offset=1\r\n", expected},
      {primary + "slave0:ip=a\x01z,port=1,state=online,offset=1\r\n", expected},
      {primary + "slave0:ip=" + std::string(256, 'a') + ",port=1,state=online,offset=1\r\n", expected},
  };
  for (const auto& row : rows) {
    const auto result = replication_of(row.text);
    ASSERT_FALSE(result) << row.text;
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(result.error().detail, HasSubstr(row.expect)) << row.text;
  }
}

TEST(Replication, IsBounded) {
  std::string text = "role:master\r\nmaster_repl_offset:1\r\n" + kReplid;
  for (int i = 0; i <= 1000; ++i) text += "slave" + std::to_string(i) + ":ip=10.0.0.1,port=1,state=online,offset=1\r\n";
  EXPECT_THAT(replication_of(text).error().detail, HasSubstr("more than 1000 replicas"));
}

}  // namespace
}  // namespace shardkeeper::valkey::parse
