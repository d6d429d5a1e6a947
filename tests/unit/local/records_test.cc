#include "coordinator/platform/local/cluster_home.h"
#include "coordinator/platform/local/pod_record.h"
#include "tests/unit/local/value_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardkeeper::platform::local {
namespace {

using test::value_of;

using testing::HasSubstr;

PodRecord full_record() {
  PodRecord record;
  record.name = PodName("cache-7x2kq");
  record.uid = PodUid("00ff");
  record.cluster = ClusterName("cache");
  record.worker = WorkerName("w1");
  record.zone = "z1";
  record.ip = "127.17.3.4";
  record.image = "localhost/valkey:8.0.1";
  record.labels = {{"shardkeeper.io/shard", "2"}, {"odd \" label", "line\nbreak"}};
  record.conditions = {{"shardkeeper.io/in-cluster", true}, {"other", false}};
  record.server = {std::chrono::milliseconds(750), 1, 5'000'000'000, {{"maxmemory-policy", "allkeys-lru"}}};
  record.is_prepared = true;
  record.deletion_grace = std::chrono::seconds(30);
  record.is_forgotten = true;
  record.prepare = {"12.34", "12.34", 1, std::nullopt};
  record.agent = {"56.78", std::nullopt, 0, ProcessId{56, 78, "boot"}};
  record.valkey = {"90.12", "89.11", 3, ProcessId{90, 18'000'000'000'000, "boot"}};
  return record;
}

TEST(PodRecord, IsReadAsItIsWritten) {
  EXPECT_EQ(value_of(parse_pod_record("pod.json", to_json(full_record()))), full_record());
  const PodRecord empty;
  EXPECT_EQ(value_of(parse_pod_record("pod.json", to_json(empty))), empty);
}

struct BadText {
  const char* says;
  const char* old_text;  // of full_record()'s JSON; "" replaces all of it
  const char* new_text;
  const char* expected;
};

class BadPodRecord : public testing::TestWithParam<BadText> {};

TEST_P(BadPodRecord, NamesFileFieldAndReason) {
  const auto& given = GetParam();
  auto text = to_json(full_record());
  const std::string old_text = given.old_text;
  if (old_text.empty()) {
    text = given.new_text;
  } else {
    ASSERT_NE(text.find(old_text), std::string::npos) << given.says;
    text.replace(text.find(old_text), old_text.size(), given.new_text);
  }
  const auto record = parse_pod_record("/x/pod.json", text);
  ASSERT_FALSE(record) << given.says;
  EXPECT_EQ(record.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(to_string(record.error()), HasSubstr("/x/pod.json: ")) << given.says;
  EXPECT_THAT(to_string(record.error()), HasSubstr(given.expected)) << given.says;
}

const BadText kBadTexts[] = {
    {"empty, as after a full disk", "", "", "the file is empty"},
    {"cut short", "", "{\"format\":1,\"na", "no JSON"},
    {"a list", "", "[]", "not a JSON object"},
    {"nested too deeply", "", "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", "no JSON"},
    {"no fields", "", "{}", "format: "},
    {"a later format", "\"format\":1", "\"format\":2", "format: must be a number from 1 to 1"},
    {"a field of another type", "\"ip\":\"127.17.3.4\"", "\"ip\":7", "ip: must be a text"},
    {"a missing field", "\"worker\":\"w1\",", "", "worker: is missing"},
    {"labels that are none", "\"labels\":{", "\"labels\":{\"x\":1,", "labels: must be an object of texts"},
    {"conditions that are none", "\"other\":false", "\"other\":\"no\"", "conditions: must be an object of true and false"},
    {"a process number that means everybody", "\"pid\":56", "\"pid\":-1", "agent: process: pid: must be a number from 2"},
    {"process 1", "\"pid\":56", "\"pid\":1", "agent: process: pid"},
    {"a fraction", "\"restarts\":3", "\"restarts\":3.5", "valkey: restarts: must be a number"},
    {"a negative count", "\"maxmemoryBytes\":5000000000", "\"maxmemoryBytes\":-5", "server: maxmemoryBytes: must be a count"},
    {"an endless grace period", "\"deletionGraceSeconds\":30", "\"deletionGraceSeconds\":99999999999", "deletionGraceSeconds"},
};

INSTANTIATE_TEST_SUITE_P(Table, BadPodRecord, testing::ValuesIn(kBadTexts));

TEST(ClusterRecord, IsReadAsItIsWritten) {
  const ClusterRecord record{"uid", {17, 200}, 254, 5, "secret"};
  EXPECT_EQ(value_of(parse_cluster_record("cluster.json", to_json(record))), record);
}

TEST(ClusterRecord, RefusesABadNetwork) {
  auto text = to_json(ClusterRecord{"uid", {17, 200}, 0, 0, "secret"});
  text.replace(text.find("127.17.200"), 10, "10.0.0.0.0");
  const auto record = parse_cluster_record("cluster.json", text);
  ASSERT_FALSE(record);
  EXPECT_THAT(to_string(record.error()), HasSubstr("cluster.json: network: '10.0.0.0.0' is not 127.X.Y"));
}

}  // namespace
}  // namespace shardkeeper::platform::local
