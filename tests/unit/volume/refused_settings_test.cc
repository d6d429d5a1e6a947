#include "agent/decide/refused_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  const char* says;
  const char* name;
  std::string value;
  const char* reason;  // part of it; "" where the setting is accepted
};

const Case kCases[] = {
    {"ordinary settings pass", "maxmemory-policy", "allkeys-lru", ""},
    {"a value of several words passes", "client-output-buffer-limit", "replica 1gb 512mb 120", ""},
    {"settings that we do not know pass", "some-future-setting", "yes", ""},
    {"cluster settings that are not ours pass", "cluster-allow-reads-when-down", "yes", ""},
    {"the user may choose the memory limit", "maxmemory", "1gb", ""},
    {"quotes in a value are escaped later", "latency-tracking-info-percentiles", "\"50\"", ""},
    {"an empty value passes", "notify-keyspace-events", "", ""},

    {"daemonize", "daemonize", "yes", "in the foreground"},
    {"supervised", "supervised", "systemd", "start gate"},
    {"include", "include", "/etc/valkey.conf", "manifest alone"},
    {"logfile", "logfile", "/tmp/log", "standard output"},
    {"dir", "dir", "/data", "follow from its pod"},
    {"port", "port", "7000", "follow from its pod"},
    {"tls-port", "tls-port", "7000", "spec.tls"},
    {"bind", "bind", "0.0.0.0", "follow from its pod"},
    {"save", "save", "900 1", "nothing is persisted"},
    {"appendonly", "appendonly", "yes", "nothing is persisted"},
    {"replicaof", "replicaof", "10.0.0.1 6379", "who replicates whom"},
    {"its old name", "slaveof", "10.0.0.1 6379", "who replicates whom"},
    {"masterauth", "masterauth", "x", "who replicates whom"},
    {"its new name", "primaryauth", "x", "who replicates whom"},
    {"diskless replication", "repl-diskless-load", "disabled", "who replicates whom"},
    {"unix sockets, by pattern", "unixsocketgroup", "valkey", "follow from its pod"},
    {"the socket itself", "unixsocket", "/tmp/s", "follow from its pod"},
    {"announced addresses, by pattern", "cluster-announce-hostname", "a.b", "relies on"},
    {"cluster-enabled", "cluster-enabled", "no", "relies on"},
    {"cluster-databases", "cluster-databases", "4", "lost in a move"},
    {"cluster-port", "cluster-port", "16379", "relies on"},
    {"cluster-allow-replica-migration", "cluster-allow-replica-migration", "yes", "relies on"},
    {"cluster-require-full-coverage", "cluster-require-full-coverage", "yes", "relies on"},
    {"aclfile", "aclfile", "/etc/acl", "one ACL file"},
    {"user", "user", "bob on nopass", "one ACL file"},
    {"requirepass", "requirepass", "x", "one ACL file"},
    {"rename-command", "rename-command", "FLUSHALL \"\"", "keep their names"},
    {"enable-debug-command", "enable-debug-command", "yes", "keeps shut"},
    {"case does not matter to the server", "DaemonIze", "yes", "in the foreground"},
    {"an old alias of a setting that we render", "min-slaves-to-write", "1", "min-replicas-to-write"},

    {"the node timeout may be chosen", "cluster-node-timeout", "500", ""},
    {"up to a minute", "cluster-node-timeout", "60000", ""},
    {"not less than half a second", "cluster-node-timeout", "499", "from 500 to 60000"},
    {"not more than a minute", "cluster-node-timeout", "60001", "from 500 to 60000"},
    {"not with a unit", "cluster-node-timeout", "5s", "whole number"},
    {"not empty", "cluster-node-timeout", "", "whole number"},
    {"not beyond an int", "cluster-node-timeout", "99999999999999999999", "whole number"},
    {"replicas to write may be chosen", "min-replicas-to-write", "1", ""},
    {"but not the fence's value", "min-replicas-to-write", "255", "fence"},
    {"nor a negative one", "min-replicas-to-write", "-1", "whole number"},

    {"a line break in a value would be another setting", "maxmemory-policy", "noeviction\nsave 1 1", "one line"},
    {"so would a carriage return", "maxmemory-policy", "noeviction\r", "one line"},
    {"a zero byte ends a text", "maxmemory-policy", std::string("no\0x", 4), "one line"},
    {"a value has a bound", "maxmemory-policy", std::string(4097, 'x'), "longer than"},
    {"a line break in a name", "maxmemory 1\nsave", "1 1", "not the name"},
    {"a space in a name", "maxmemory 1", "1", "not the name"},
    {"an option of the command line", "--port", "1", "not the name"},
    {"a comment", "#maxmemory", "1", "not the name"},
    {"no name", "", "1", "not the name"},
};

class RefusedSettings : public testing::TestWithParam<Case> {};

TEST_P(RefusedSettings, AreRefusedWithTheReason) {
  const Case& given = GetParam();
  const auto refused = refused_settings({{given.name, given.value}});
  if (*given.reason == '\0')
    EXPECT_THAT(refused, IsEmpty()) << given.says;
  else
    EXPECT_THAT(refused,
                ElementsAre(AllOf(Field(&RefusedSetting::setting, given.name), Field(&RefusedSetting::reason, HasSubstr(given.reason)))))
        << given.says;
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedSettings, testing::ValuesIn(kCases));

TEST(RefusedSettingsOfAMap, AreAllNamedInOrder) {
  const auto refused = refused_settings({{"save", ""}, {"maxmemory", "1gb"}, {"dir", "/"}});
  EXPECT_THAT(refused, ElementsAre(Field(&RefusedSetting::setting, "dir"), Field(&RefusedSetting::setting, "save")));
}

TEST(RefusedSettingsOfAMap, TheSameNameInTwoSpellingsIsRefusedOnce) {
  const auto refused = refused_settings({{"HZ", "10"}, {"hz", "20"}});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].setting, "hz");
  EXPECT_THAT(refused[0].reason, HasSubstr("same setting as HZ"));
}

}  // namespace
}  // namespace shardkeeper::agent
