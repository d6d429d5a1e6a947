// The rendered files on real servers: they start with them, and users may do what they should and no more.
#include "agent/io/volume_layout.h"
#include "tests/unit/launch/test_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using Command = std::vector<std::string>;

void add_users_settings(agent::ServerSettings& settings) {
  settings.zone = "eu-1";
  settings.maxmemory_bytes = 50'000'000;
  settings.min_replicas_to_write = 0;
  settings.node_timeout = 700ms;
  settings.config = {{"Maxmemory-Policy", "allkeys-lru"},
                     {"client-output-buffer-limit", "replica 512mb 128mb 120"},
                     {"notify-keyspace-events", "KEA"},
                     {"latency-tracking-info-percentiles", "50 99"}};
}

class RenderedConfig : public testing::TestWithParam<ValkeyLine> {
 protected:
  std::string setting(const std::string& name) const {
    const std::string reply = pod_.as_agent(line_, {"CONFIG", "GET", name});
    const auto line_end = reply.find('\n');
    return line_end == std::string::npos ? "" : reply.substr(line_end + 1);
  }

  const ValkeyLine line_ = GetParam();
  const bool is_9_ = line_ == ValkeyLine::k9;
  LoopbackBlock block_;
  TestPod pod_{"cache-7x2kq", block_.address(1), add_users_settings};
};

INSTANTIATE_TEST_SUITE_P(Valkey, RenderedConfig, testing::ValuesIn(kValkeyLines), [](const auto& info) { return to_string(info.param); });

TEST_P(RenderedConfig, IsWhatTheServerRunsWith) {
  pod_.start(line_);
  const std::string bus_port = std::to_string(agent::bus_port_of("test"));
  const std::vector<std::pair<std::string, std::string>> expected{{"bind", block_.address(1)},
                                                                  {"bind-source-addr", block_.address(1)},
                                                                  {"port", "6379"},
                                                                  {"cluster-port", bus_port},
                                                                  {"cluster-enabled", "yes"},
                                                                  {"cluster-announce-ip", block_.address(1)},
                                                                  {"cluster-announce-port", "6379"},
                                                                  {"cluster-announce-bus-port", bus_port},
                                                                  {"cluster-announce-human-nodename", "cache-7x2kq"},
                                                                  {"cluster-node-timeout", "700"},
                                                                  {"cluster-require-full-coverage", "no"},
                                                                  {"cluster-allow-replica-migration", "no"},
                                                                  {"cluster-slot-stats-enabled", is_9_ ? "yes" : "no"},
                                                                  {"save", ""},
                                                                  {"appendonly", "no"},
                                                                  {"repl-diskless-sync", "yes"},
                                                                  {"repl-diskless-sync-delay", "0"},
                                                                  {"repl-diskless-load", "on-empty-db"},
                                                                  {"masteruser", "shardkeeper-replication"},
                                                                  {"availability-zone", "eu-1"},
                                                                  {"maxmemory", "50000000"},
                                                                  {"maxmemory-policy", "allkeys-lru"},
                                                                  {"min-replicas-to-write", "0"},
                                                                  {"dir", pod_.dir().string()},
                                                                  {"protected-mode", "no"},
                                                                  {"latency-tracking-info-percentiles", "50 99"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(setting(name), value) << name;
  EXPECT_THAT(setting("client-output-buffer-limit"), HasSubstr("slave 536870912 134217728 120"));
  if (is_9_) {
    EXPECT_EQ(setting("cluster-manual-failover-timeout"), "2000");
    EXPECT_EQ(setting("shutdown-on-sigterm"), "failover");
    EXPECT_EQ(setting("cluster-config-save-behavior"), "best-effort");
  }
  EXPECT_THAT(pod_.as_agent(line_, {"CLUSTER", "NODES"}), HasSubstr(block_.address(1) + ":6379@" + bus_port));
}

// Every command that the agent's user is for, each in a harmless form; the server checks permissions first.
TEST_P(RenderedConfig, LetsTheAgentDoItsWork) {
  pod_.start(line_);
  std::vector<Command> commands{{"PING"},
                                {"INFO"},
                                {"ROLE"},
                                {"DBSIZE"},
                                {"WAIT", "0", "1"},
                                {"READONLY"},
                                {"CONFIG", "GET", "maxmemory"},
                                {"CONFIG", "SET", "min-replicas-to-write", "0"},
                                {"CLIENT", "SETNAME", "agent"},
                                {"CLIENT", "KILL", "TYPE", "pubsub"},
                                {"CLIENT", "PAUSE", "1", "WRITE"},
                                {"CLIENT", "UNPAUSE"},
                                {"FLUSHALL"},
                                {"FUNCTION", "DUMP"},
                                {"FUNCTION", "RESTORE", "x"},
                                {"SHUTDOWN", "ABORT"}};
  for (const char* const sub : {"INFO", "NODES", "MYID", "MYSHARDID", "SLOTS", "SHARDS", "LINKS", "BUMPEPOCH", "SAVECONFIG", "RESET"})
    commands.push_back({"CLUSTER", sub});
  const std::string nobody(40, 'a');
  for (const Command& command : std::vector<Command>{{"SLOT-STATS", "SLOTSRANGE", "0", "9"},
                                                     {"COUNTKEYSINSLOT", "0"},
                                                     {"GETKEYSINSLOT", "0", "1"},
                                                     {"COUNT-FAILURE-REPORTS", nobody},
                                                     {"MEET", "x", "1"},
                                                     {"FORGET", nobody},
                                                     {"REPLICATE", nobody},
                                                     {"FAILOVER"},
                                                     {"SET-CONFIG-EPOCH", "1"},
                                                     {"ADDSLOTS", "1"},
                                                     {"ADDSLOTSRANGE", "2", "3"},
                                                     {"DELSLOTS", "1"},
                                                     {"DELSLOTSRANGE", "2", "3"},
                                                     {"SETSLOT", "0", "STABLE"}}) {
    commands.push_back({"CLUSTER"});
    commands.back().insert(commands.back().end(), command.begin(), command.end());
  }
  if (is_9_) {
    commands.push_back({"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "1", "NODE", nobody});
    for (const char* const sub : {"GETSLOTMIGRATIONS", "CANCELSLOTMIGRATIONS"}) commands.push_back({"CLUSTER", sub});
    commands.push_back({"CLUSTER", "FLUSHSLOT", "0"});
  }
  for (const Command& command : commands) {
    const std::string reply = pod_.as_agent(line_, command);
    EXPECT_THAT(reply, Not(AnyOf(HasSubstr("NOPERM"), HasSubstr("WRONGPASS"), HasSubstr("unknown"), HasSubstr("Unknown subcommand"))))
        << testing::PrintToString(command);
  }
}

TEST_P(RenderedConfig, LetsTheAgentDoNothingElse) {
  pod_.start(line_);
  for (const Command& command :
       std::vector<Command>{{"GET", "k"}, {"SET", "k", "v"}, {"KEYS", "*"}, {"ACL", "LIST"}, {"EVAL", "return 1", "0"}, {"MONITOR"}})
    EXPECT_THAT(pod_.as_agent(line_, command), HasSubstr("NOPERM")) << command[0];
}

TEST_P(RenderedConfig, KeepsClientsFromAdministration) {
  pod_.start(line_);
  for (const Command& command : std::vector<Command>{{"CONFIG", "SET", "maxmemory", "1"},
                                                     {"CONFIG", "GET", "masterauth"},
                                                     {"SHUTDOWN"},
                                                     {"CLUSTER", "FAILOVER"},
                                                     {"CLUSTER", "RESET"},
                                                     {"CLUSTER", "MEET", "127.0.0.1", "1"},
                                                     {"REPLICAOF", "NO", "ONE"},
                                                     {"ACL", "LIST"},
                                                     {"PSYNC", "?", "-1"},
                                                     {"MONITOR"}})
    EXPECT_THAT(pod_.as_client(line_, command), HasSubstr("NOPERM")) << command[0];
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.as_client(line_, {"SET", "k", "v"}) == "OK"; }));
  EXPECT_EQ(pod_.as_client(line_, {"GET", "k"}), "v");
  for (const char* const sub : {"NODES", "SLOTS", "SHARDS", "INFO", "MYID"})
    EXPECT_THAT(pod_.as_client(line_, {"CLUSTER", sub}), Not(HasSubstr("NOPERM"))) << sub;
}

TEST_P(RenderedConfig, LetsServersOfOneClusterReplicate) {
  TestPod replica("cache-replica", block_.address(2), add_users_settings);
  pod_.start(line_);
  replica.start(line_);
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "MEET", block_.address(2), "6379", std::to_string(agent::bus_port_of("test"))}), "OK");
  const std::string primary = pod_.as_agent(line_, {"CLUSTER", "MYID"});
  ASSERT_TRUE(pod_.loop_until([&] { return replica.as_agent(line_, {"CLUSTER", "REPLICATE", primary}) == "OK"; }));
  ASSERT_TRUE(pod_.loop_until([&] {
    return replica.as_agent(line_, {"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
  })) << replica.log();
  // The primary lists the replica under the address that everybody else knows it by, not as some 127.0.0.1.
  EXPECT_TRUE(pod_.loop_until([&] {
    return pod_.as_agent(line_, {"INFO", "replication"}).find("slave0:ip=" + block_.address(2) + ",port=6379,state=online") !=
           std::string::npos;
  })) << pod_.as_agent(line_, {"INFO", "replication"});
}

TEST_P(RenderedConfig, KeepsServersOfAnotherClusterOut) {
  TestPod foreign("foreign", block_.address(2), [](agent::ServerSettings& settings) { settings.replication.password = "othersecret"; });
  pod_.start(line_);
  foreign.start(line_);
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "MEET", block_.address(2), "6379", std::to_string(agent::bus_port_of("test"))}), "OK");
  const std::string primary = pod_.as_agent(line_, {"CLUSTER", "MYID"});
  ASSERT_TRUE(pod_.loop_until([&] { return foreign.as_agent(line_, {"CLUSTER", "REPLICATE", primary}) == "OK"; }));
  ASSERT_TRUE(pod_.loop_until([&] { return foreign.log().find("WRONGPASS") != std::string::npos; })) << foreign.log();
  EXPECT_THAT(foreign.as_agent(line_, {"INFO", "replication"}), HasSubstr("master_link_status:down"));
}

}  // namespace
}  // namespace shardkeeper::test
