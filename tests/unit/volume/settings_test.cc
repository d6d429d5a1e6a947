#include "agent/io/pod_volume_settings.h"

#include "agent/io/volume_layout.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using testing::HasSubstr;

ServerSettings full_settings() {
  ServerSettings settings;
  settings.pod = PodName("cache-7x2kq");
  settings.zone = "eu-1";
  settings.cluster_uid = "0b9e";
  settings.announce = {"127.1.2.3", 6379, 23456};
  settings.maxmemory_bytes = 18'000'000'000'000'000'000ULL;
  settings.replication = {"r", "p"};
  settings.users_file = "/etc/users";
  settings.tls_folder = "/etc/tls";
  settings.tls_clients = "optional";
  settings.node_timeout = std::chrono::milliseconds(700);
  settings.min_replicas_to_write = 2;
  settings.config = {{"hz", "20"}, {"notify-keyspace-events", "\"\\"}};
  return settings;
}

TEST(Settings, AreReadAsTheyWereWritten) { EXPECT_EQ(parse_settings(settings_text(full_settings())).value(), full_settings()); }

TEST(Settings, ThatLackAMemberGetTheDefault) { EXPECT_EQ(parse_settings("{}").value(), ServerSettings{}); }

TEST(Settings, ThatAreDamagedAreRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {{"", "no JSON"},
                                                       {"[]", "must be a JSON object"},
                                                       {"{", "no JSON"},
                                                       {R"({"pod": 1})", "pod must be a text"},
                                                       {R"({"announce": "x"})", "announce must be an object"},
                                                       {R"({"announce": {"port": 65536}})", "port must be a whole number from 0 to 65535"},
                                                       {R"({"announce": {"port": -1}})", "port must be a whole number"},
                                                       {R"({"node_timeout_ms": "5s"})", "node_timeout_ms must be a whole number"},
                                                       {R"({"config": {"hz": 10}})", "hz must be a text"}};
  for (const auto& [text, error] : cases) {
    const auto settings = parse_settings(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(to_string(settings.error()), HasSubstr(error)) << text;
  }
  EXPECT_FALSE(parse_settings(std::string(100'000, '['))) << "deep nesting";
}

TEST(Secrets, AreReadAsTheyWereWritten) {
  EXPECT_EQ(parse_secrets(secrets_text({"u", "p"})).value(), (Login{"u", "p"}));
  for (const char* const text : {"", "{}", R"({"agent": {}})", R"({"agent": {"user": "u"}})", R"({"agent": 1})"})
    EXPECT_FALSE(parse_secrets(text)) << text;
}

TEST(Settings, OfAVolumeThatWasNeverPreparedSayWhatToDo) {
  const test::TempDir volume;
  for (const Error& error : {read_settings(volume.path()).error(), read_agent_login(volume.path()).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::kInvalid);
    EXPECT_THAT(to_string(error), HasSubstr("run `shardkeeper-agent prepare`"));
  }
}

}  // namespace
}  // namespace shardkeeper::agent
