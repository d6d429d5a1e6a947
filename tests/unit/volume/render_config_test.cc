#include "agent/decide/render_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace shardkeeper::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

RenderInput an_input() {
  RenderInput input;
  input.settings.pod = PodName("cache-7x2kq");
  input.settings.cluster_uid = "0b9e";
  input.settings.announce = {"127.1.2.3", 6379, 23456};
  input.settings.replication = {std::string(kReplicationUser), "feed"};
  input.agent = {std::string(kAgentUser), "beef"};
  input.volume_dir = "/pod/volume";
  return input;
}

std::string conf_of(const RenderInput& input, ServerVersion version = {9, 1, 2}) {
  return render_config(input, version).value().server_conf;
}

TEST(RenderConfig, WritesWhatIsOurs) {
  const std::string conf = conf_of(an_input());
  for (const char* const line : {"\nbind 127.1.2.3\n",
                                 "\nport 6379\n",
                                 "\ncluster-port 23456\n",
                                 "\ncluster-announce-ip 127.1.2.3\n",
                                 "\ncluster-announce-port 6379\n",
                                 "\ncluster-announce-bus-port 23456\n",
                                 "\ncluster-announce-human-nodename cache-7x2kq\n",
                                 "\ndir /pod/volume\n",
                                 "\nunixsocket /pod/volume/valkey.sock\n",
                                 "\nunixsocketperm 700\n",
                                 "\naclfile /pod/volume/users.acl\n",
                                 "\nsave \"\"\n",
                                 "\nappendonly no\n",
                                 "\nmasteruser shardkeeper-replication\n",
                                 "\nmasterauth feed\n",
                                 "\nrepl-diskless-load on-empty-db\n",
                                 "\nrepl-diskless-sync-delay 0\n",
                                 "\ncluster-require-full-coverage no\n",
                                 "\ncluster-allow-replica-migration no\n",
                                 "\ncluster-node-timeout 5000\n"})
    EXPECT_THAT(conf, HasSubstr(line));
}

struct Versioned {
  const char* directive;
  ServerVersion first;  // that knows it, or on which it is safe
  ServerVersion last_without;
};

const Versioned kVersioned[] = {
    {"cluster-slot-stats-enabled", {8, 1, 1}, {8, 1, 0}},
    {"cluster-manual-failover-timeout", {8, 1, 0}, {8, 0, 99}},
    {"shutdown-on-sigterm failover", {9, 0, 0}, {8, 1, 99}},
    {"cluster-config-save-behavior", {9, 1, 0}, {9, 0, 99}},
};

TEST(RenderConfig, WritesADirectiveOnlyWhereTheServerKnowsIt) {
  for (const auto& [directive, first, last_without] : kVersioned) {
    EXPECT_THAT(conf_of(an_input(), first), HasSubstr(directive));
    EXPECT_THAT(conf_of(an_input(), last_without), Not(HasSubstr(directive)));
  }
}

TEST(RenderConfig, NamesCommandsOfNinePointZeroOnlyThere) {
  EXPECT_THAT(render_config(an_input(), {8, 1, 9})->users_acl, Not(HasSubstr("migrateslots")));
  EXPECT_THAT(render_config(an_input(), {8, 1, 9})->users_acl, Not(HasSubstr("syncslots")));
  EXPECT_THAT(render_config(an_input(), {9, 0, 0})->users_acl, HasSubstr("+cluster|migrateslots"));
  EXPECT_THAT(render_config(an_input(), {9, 0, 0})->users_acl, HasSubstr("+cluster|syncslots"));
}

TEST(RenderConfig, RendersThreeUsers) {
  const std::string users = render_config(an_input(), {8, 0, 1})->users_acl;
  EXPECT_THAT(users, HasSubstr("user default on nopass ~* &* +@all -@admin\n"));
  EXPECT_THAT(users, HasSubstr("user shardkeeper on >beef "));
  EXPECT_THAT(users, HasSubstr("user shardkeeper-replication on >feed "));
}

TEST(RenderConfig, PassesTheUsersSettingsOnBeforeOurs) {
  RenderInput input = an_input();
  input.settings.config = {{"Maxmemory-Policy", "allkeys-lru"}, {"client-output-buffer-limit", "replica 1gb 512mb 120"}};
  const std::string conf = conf_of(input);
  EXPECT_THAT(conf, HasSubstr("maxmemory-policy allkeys-lru\n"));
  EXPECT_THAT(conf, HasSubstr("client-output-buffer-limit \"replica 1gb 512mb 120\"\n"));
  EXPECT_LT(conf.find("maxmemory-policy"), conf.find("\nbind "));
}

TEST(RenderConfig, TakesTheMemoryLimitUnlessTheUserGivesOne) {
  RenderInput input = an_input();
  EXPECT_THAT(conf_of(input), Not(HasSubstr("maxmemory ")));
  input.settings.maxmemory_bytes = 1000;
  EXPECT_THAT(conf_of(input), HasSubstr("\nmaxmemory 1000\n"));
  input.settings.config = {{"maxmemory", "2gb"}};
  EXPECT_THAT(conf_of(input), HasSubstr("\nmaxmemory 2gb\n"));
  EXPECT_THAT(conf_of(input), Not(HasSubstr("maxmemory 1000")));
}

TEST(RenderConfig, TakesTimeoutAndReplicasFromTheirOwnFields) {
  RenderInput input = an_input();
  input.settings.config = {{"cluster-node-timeout", "700"}, {"min-replicas-to-write", "2"}};
  input.settings.node_timeout = std::chrono::milliseconds(800);
  input.settings.min_replicas_to_write = 1;
  const std::string conf = conf_of(input);
  EXPECT_THAT(conf, HasSubstr("\ncluster-node-timeout 800\n"));
  EXPECT_THAT(conf, HasSubstr("\nmin-replicas-to-write 1\n"));
  EXPECT_THAT(conf, Not(HasSubstr("cluster-node-timeout 700")));
}

TEST(RenderConfig, WritesTheZoneWhereItIsKnown) {
  RenderInput input = an_input();
  EXPECT_THAT(conf_of(input), Not(HasSubstr("availability-zone")));
  input.settings.zone = "eu \"1\"";
  EXPECT_THAT(conf_of(input), HasSubstr("\navailability-zone \"eu \\\"1\\\"\"\n"));
}

struct Refusal {
  const char* says;
  std::function<void(RenderInput&)> change;
  const char* error;  // part of it
};

const Refusal kRefusals[] = {
    {"a refused setting",
     [](RenderInput& i) {
       i.settings.config = {{"port", "1"}};
     },
     "setting port: files and addresses"},
    {"an injected line",
     [](RenderInput& i) {
       i.settings.config = {{"hz", "10\nport 1"}};
     },
     "setting hz: its value has a line break"},
    {"a pod name with a space", [](RenderInput& i) { i.settings.pod = PodName("a b"); }, "pod name \"a b\""},
    {"no pod name", [](RenderInput& i) { i.settings.pod = PodName(); }, "pod name"},
    {"no address", [](RenderInput& i) { i.settings.announce.ip.clear(); }, "announced address"},
    {"several addresses", [](RenderInput& i) { i.settings.announce.ip = "127.0.0.1 0.0.0.0"; }, "announced address"},
    {"no port", [](RenderInput& i) { i.settings.announce.port = 0; }, "announced ports"},
    {"one port for two uses", [](RenderInput& i) { i.settings.announce.bus_port = 6379; }, "must differ"},
    {"a relative folder", [](RenderInput& i) { i.volume_dir = "volume"; }, "absolute path"},
    {"a timeout below the least", [](RenderInput& i) { i.settings.node_timeout = std::chrono::milliseconds(499); },
     "cluster-node-timeout: must be from 500"},
    {"the fence's number", [](RenderInput& i) { i.settings.min_replicas_to_write = 255; }, "min-replicas-to-write: must be from 0 to 254"},
    {"a password that ends the rule", [](RenderInput& i) { i.settings.replication.password = "x +@all"; }, "replication user's password"},
    {"no password", [](RenderInput& i) { i.agent.password.clear(); }, "agent user's password"},
    {"a user on two lines", [](RenderInput& i) { i.agent.user = "a\nuser b"; }, "agent user's name"},
};

TEST(RenderConfig, RefusesWhatNoServerCouldStartWith) {
  for (const auto& [says, change, error] : kRefusals) {
    RenderInput input = an_input();
    change(input);
    const auto rendered = render_config(input, {9, 1, 2});
    ASSERT_FALSE(rendered) << says;
    EXPECT_EQ(rendered.error().kind, ErrorKind::kInvalid) << says;
    EXPECT_THAT(to_string(rendered.error()), HasSubstr(error)) << says;
  }
}

TEST(RenderConfig, RefusesVersionsThatAreTooOld) {
  const auto rendered = render_config(an_input(), {7, 2, 9});
  ASSERT_FALSE(rendered);
  EXPECT_EQ(rendered.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(to_string(rendered.error()), "server version 7.2.9: is not supported; Shardkeeper needs Valkey 8.0 or newer");
}

TEST(ConfArgument, EscapesWhatCouldEndIt) {
  EXPECT_EQ(conf_argument("a-b.c/d:6"), "a-b.c/d:6");
  EXPECT_EQ(conf_argument("#a"), "\"#a\"");
  EXPECT_EQ(conf_argument(""), "\"\"");
  EXPECT_EQ(conf_argument("a b"), "\"a b\"");
  EXPECT_EQ(conf_argument("a\"b\\"), "\"a\\\"b\\\\\"");
  EXPECT_EQ(conf_argument("a\nb\x7f\xc3"), "\"a\\x0ab\\x7f\\xc3\"");
}

TEST(BusPort, IsStableInRangeAndSpread) {
  EXPECT_EQ(bus_port_of("0b9e54f0-6f0c-4d3c-9f59-7a0f0a3f2c11"), bus_port_of("0b9e54f0-6f0c-4d3c-9f59-7a0f0a3f2c11"));
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 100; ++i) {
    const auto port = bus_port_of("uid-" + std::to_string(i));
    EXPECT_GE(port, 20000);
    EXPECT_LE(port, 29999);
    ports.insert(port);
  }
  EXPECT_GT(ports.size(), 90U);
}

}  // namespace
}  // namespace shardkeeper::agent
