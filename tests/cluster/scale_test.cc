// Promise P6: shards come and go by editing the manifest, every key stays, and slots end up spread evenly.
#include "common/types/slot_set.h"
#include "tests/cluster/local_cluster.h"
#include "tests/support/http_get.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <sstream>

namespace shardkeeper::test {
namespace {

constexpr int kKeys = 20'000;
constexpr std::uint16_t kHttpPort = 9781;

class Scale : public testing::TestWithParam<ValkeyLine> {};
INSTANTIATE_TEST_SUITE_P(, Scale, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

// Exactly these shards, each complete and with its share.
bool is_even(const admin::v1::ClusterStatus& status, int shards, int pods) {
  if (status.shards_size() != shards || !status.ready()) return false;
  return std::ranges::all_of(status.shards(), [&](const admin::v1::ShardStatus& shard) {
    const int slots = static_cast<int>(shard.slots());
    return shard.pods_size() == pods && slots >= kSlotCount / shards && slots <= kSlotCount / shards + 1;
  });
}

std::string told(LocalCluster& cluster) {
  std::string text;
  for (const auto& event : cluster.events())
    text += std::to_string(event.unix_ms()) + " " + event.reason() + " " + event.subject() + " " + event.message() + "\n";
  return text;
}

// Of all pods together.
std::uint64_t metric(LocalCluster& cluster, const std::string& name) {
  std::uint64_t sum = 0;
  for (const auto& pod : cluster.pods()) {
    std::istringstream page(http_get(pod.ip, kHttpPort, "/metrics"));
    for (std::string line; std::getline(page, line);)
      if (line.starts_with(name + " ")) sum += std::stoull(line.substr(name.size() + 1));
  }
  return sum;
}

TEST_P(Scale, OutAndInKeepsEveryKey) {
  LocalClusterOptions options{.line = GetParam()};
  LocalCluster cluster(options);
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(kKeys);
  WriteCheckerOptions writer{.pause = std::chrono::milliseconds(2)};
  for (const auto& pod : cluster.pods()) writer.client.seeds.push_back({pod.ip, 6379, 0});
  WriteChecker checker(writer);
  ASSERT_TRUE(checker.start());
  for (const int shards : {4, 6, 3, 1, 3}) {
    options.shards = shards;
    cluster.write_manifest(options);
    const bool even = cluster.wait_for([&](const auto& status) { return is_even(status, shards, 1 + options.replicas_per_shard); },
                                       std::chrono::minutes(2));
    ASSERT_TRUE(even) << shards << " shards: " << cluster.status_text() << told(cluster);
    ASSERT_EQ(cluster.readable(kKeys), kKeys) << shards << " shards";
    if (shards == 4) {
      EXPECT_EQ(metric(cluster, "shardkeeper_migration_slots_moved_total"), kSlotCount / 4U) << "no slot moved twice, none untold";
      EXPECT_GT(metric(cluster, "shardkeeper_migration_keys_moved_total"), kKeys / 8U);
      EXPECT_GE(metric(cluster, "shardkeeper_migration_jobs_total{result=\"done\"}"), 3U);
      EXPECT_EQ(metric(cluster, "shardkeeper_migration_jobs_total{result=\"failed\"}"), 0U);
      EXPECT_EQ(metric(cluster, "shardkeeper_migration_running"), 0U);
    }
    const auto count = checker.acknowledged();
    ASSERT_TRUE(wait_until([&] { return checker.acknowledged() > count + 100; })) << "no writes with " << shards << " shards";
  }
  checker.stop();
  const auto report = checker.verify();
  std::cout << to_text(report);
  EXPECT_TRUE(report.is_clean()) << to_text(report);
}

}  // namespace
}  // namespace shardkeeper::test
