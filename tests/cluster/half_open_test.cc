// Slots that somebody opened by hand, with keys on both ends, are finished without losing a key: whatever flags are left.
#include "tests/cluster/slots_seen.h"
#include "tests/support/cluster_client.h"
#include "tests/support/key_slot.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <map>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

enum class Flags { kBoth, kOnlyAtTheSource, kOnlyAtTheTarget };

struct Case {
  std::string name;
  ValkeyLine line;
  Flags flags;
};

class HalfOpen : public testing::TestWithParam<Case> {
 protected:
  void order(const std::string& pod, int slot, const std::vector<std::string>& how) {
    std::vector<std::string> call{"CLUSTER", "SETSLOT", std::to_string(slot)};
    call.insert(call.end(), how.begin(), how.end());
    ASSERT_EQ(cluster_.admin_client(pod).call(call).value().text, "OK") << pod;
  }
  static std::string key(int slot, const std::string& name) { return "{" + tag_of_slot(slot) + "}" + name; }
  void write(ClusterClient& client, int slot, const std::string& name) {
    const auto reply = client.call(slot, {"SET", key(slot, name), name});
    ASSERT_TRUE(reply) << to_string(reply.error());
    expected_[key(slot, name)] = name;
  }

  // As reshard by hand leaves it when it is cut off: some keys have gone, clients have made others at the target, one is at both ends.
  void open_by_hand(ClusterClient& client, int slot, const std::string& from, const std::string& to) {
    const std::string target_id = cluster_.client(to).call({"CLUSTER", "MYID"}).value().text;
    const std::string source_id = cluster_.client(from).call({"CLUSTER", "MYID"}).value().text;
    for (int i = 0; i < 30; ++i) ASSERT_NO_FATAL_FAILURE(write(client, slot, "old" + std::to_string(i)));
    ASSERT_NO_FATAL_FAILURE(write(client, slot, "both"));
    ASSERT_NO_FATAL_FAILURE(order(to, slot, {"IMPORTING", source_id}));
    ASSERT_NO_FATAL_FAILURE(order(from, slot, {"MIGRATING", target_id}));
    std::vector<std::string> migrate{"MIGRATE", cluster_.pod(to).ip, "6379", "", "0", "5000", "KEYS"};
    for (int i = 0; i < 10; ++i) migrate.push_back(key(slot, "old" + std::to_string(i)));
    // A young target may not have heard of the slot's owner yet: CLUSTERDOWN.
    ASSERT_TRUE(wait_until([&] { return cluster_.admin_client(from).call(migrate).value().text == "OK"; }));
    for (int i = 0; i < 10; ++i) ASSERT_NO_FATAL_FAILURE(write(client, slot, "new" + std::to_string(i)));
    EXPECT_GE(client.counts().asked, 10U) << "the slot is not half open";
    auto there = cluster_.client(to);
    ASSERT_EQ(there.call({"ASKING"}).value().text, "OK");
    ASSERT_EQ(there.call({"SET", key(slot, "both"), "a copy that nobody sees"}).value().text, "OK");
    if (GetParam().flags == Flags::kOnlyAtTheTarget) order(from, slot, {"STABLE"});
    if (GetParam().flags == Flags::kOnlyAtTheSource) order(to, slot, {"STABLE"});
  }

  LocalClusterOptions options_{.line = GetParam().line};
  LocalCluster cluster_{options_};
  std::map<std::string, std::string> expected_;
};

TEST_P(HalfOpen, ByHandIsFinishedWithAllKeys) {
  cluster_.start_coordinator();
  ASSERT_TRUE(cluster_.wait_ready()) << cluster_.status_text();
  ClusterClient client({.seeds = seeds_of(cluster_)});
  ASSERT_TRUE(client.load_topology());
  const std::string from = cluster_.primary(0);
  const std::string to = cluster_.primary(1);
  // Nobody sees to it while it is made.
  cluster_.kill_coordinator();
  const auto slots = {3, 4, 4000};
  for (const int slot : slots) ASSERT_NO_FATAL_FAILURE(open_by_hand(client, slot, from, to));
  ASSERT_NE(open_slots(cluster_), "");
  cluster_.start_coordinator();
  ASSERT_TRUE(wait_until([&] { return open_slots(cluster_).empty(); }, 60s)) << open_slots(cluster_) << told(cluster_);
  ASSERT_TRUE(cluster_.wait_for([&](const auto& status) { return is_even(status, 3, 2); })) << cluster_.status_text();
  for (const auto& [name, value] : expected_) {
    const auto reply = client.call(key_slot(name), {"GET", name});
    ASSERT_TRUE(reply) << name << ": " << to_string(reply.error());
    EXPECT_EQ(reply->text, value) << name << "\n" << told(cluster_);
  }
  // Each at one end only.
  for (const int slot : slots) {
    std::int64_t keys = 0;
    for (int shard = 0; shard < 3; ++shard)
      keys += cluster_.client(cluster_.primary(shard)).call({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}).value().integer;
    EXPECT_EQ(keys, 41) << "slot " << slot;
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto line : kValkeyLines)
    for (const auto& [name, flags] :
         {std::pair{"BothFlags", Flags::kBoth}, {"FlagAtTheSource", Flags::kOnlyAtTheSource}, {"FlagAtTheTarget", Flags::kOnlyAtTheTarget}})
      all.push_back({"Valkey" + to_string(line) + name, line, flags});
  return all;
}
INSTANTIATE_TEST_SUITE_P(, HalfOpen, testing::ValuesIn(cases()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
