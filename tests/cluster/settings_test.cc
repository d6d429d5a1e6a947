// spec.config is edited while servers run: they are told, nothing is restarted, and what they do not take is said.
#include "tests/cluster/local_cluster.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>

namespace shardkeeper::test {
namespace {

class Settings : public testing::TestWithParam<ValkeyLine> {
 protected:
  void set(const std::string& config) {
    options_.more_spec = config;
    cluster_.write_manifest(options_);
  }
  bool everybody_has(const std::string& name, const std::string& value) {
    return std::ranges::all_of(cluster_.pods(), [&](const auto& pod) {
      const auto reply = cluster_.admin_client(pod.name).call({"CONFIG", "GET", name});
      return reply && reply->items.size() == 2 && reply->items[1].text == value;
    });
  }
  // "RollNeeded spec.config.databases", of those about settings.
  std::set<std::string> findings() {
    std::set<std::string> all;
    const auto status = cluster_.status().value_or(admin::v1::ClusterStatus{});
    for (const auto& finding : status.findings())
      if (finding.subject().starts_with("spec.config.")) all.insert(finding.reason() + " " + finding.subject());
    return all;
  }
  bool until_found(const std::set<std::string>& wanted) {
    return wait_until([&] { return findings() == wanted; });
  }

  LocalClusterOptions options_{.line = GetParam()};
  LocalCluster cluster_{options_};
};
INSTANTIATE_TEST_SUITE_P(, Settings, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

TEST_P(Settings, AreToldToRunningServers) {
  cluster_.start_coordinator();
  ASSERT_TRUE(cluster_.wait_ready()) << cluster_.status_text();
  std::set<pid_t> servers;
  for (const auto& pod : cluster_.pods()) servers.insert(pod.server);

  set("  config: {maxclients: \"4321\", databases: \"4\"}\n");
  EXPECT_TRUE(wait_until([&] { return everybody_has("maxclients", "4321"); }));
  EXPECT_TRUE(until_found({"RollNeeded spec.config.databases"})) << cluster_.status_text();

  set("  config: {maxclients: \"4321\", hz: often}\n");
  EXPECT_TRUE(until_found({"SettingRefused spec.config.hz"})) << cluster_.status_text();
  set("  config: {maxclients: \"4321\", hz: \"20\"}\n");
  EXPECT_TRUE(wait_until([&] { return everybody_has("hz", "20"); })) << "a corrected value is tried at once";
  EXPECT_TRUE(until_found({}));

  // The agent that comes back does not know what its server was told; it is told again.
  const auto pod = cluster_.pods().front();
  ASSERT_EQ(::kill(pod.agent, SIGKILL), 0);
  ASSERT_TRUE(wait_until([&] { return cluster_.pod(pod.name).agent != 0 && cluster_.pod(pod.name).agent != pod.agent; }));
  ASSERT_TRUE(cluster_.wait_ready()) << cluster_.status_text();
  EXPECT_TRUE(until_found({}));

  set("");
  EXPECT_TRUE(until_found({"RollNeeded spec.config.hz", "RollNeeded spec.config.maxclients"})) << cluster_.status_text();
  std::set<pid_t> later;
  for (const auto& now : cluster_.pods()) later.insert(now.server);
  EXPECT_EQ(later, servers) << "no server was restarted";
}

}  // namespace
}  // namespace shardkeeper::test
