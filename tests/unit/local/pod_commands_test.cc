#include "coordinator/platform/local/pod_commands.h"

#include "tests/support/temp_dir.h"
#include "tests/unit/local/value_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::platform::local {
namespace {

using test::value_of;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

TEST(TagOf, IsWhatFollowsTheLastColonOfTheName) {
  EXPECT_EQ(value_of(tag_of("localhost/valkey:8.0.1")), "8.0.1");
  EXPECT_EQ(value_of(tag_of("valkey:9.1")), "9.1");
  EXPECT_EQ(value_of(tag_of("registry:5000/a/valkey:x")), "x");
  for (const char* image : {"", "valkey", "valkey:", "registry:5000/valkey", "valkey@sha256:00ff", "valkey:8@sha256:00ff"})
    EXPECT_FALSE(tag_of(image)) << image;
}

TEST(FindServer, SaysWhichTagsThereAreAndWhatToDo) {
  const test::TempDir temp;
  test::write_file(temp / "not-executable", "");
  const LocalOptions options{
      .servers = {{"8.0.1", "/bin/true"}, {"gone", "/no/such/server"}, {"plain", temp / "not-executable"}, {"folder", temp.path()}}};
  EXPECT_EQ(value_of(find_server(options, "localhost/valkey:8.0.1")), "/bin/true");

  const auto unknown = find_server(options, "localhost/valkey:7.2");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(to_string(unknown.error()),
              HasSubstr("no server is named for tag 7.2; there are 8.0.1, folder, gone, plain; start the coordinator with --server 7.2="));
  EXPECT_THAT(to_string(find_server(options, "valkey:gone").error()), HasSubstr("/no/such/server: server of tag gone: No such file"));
  EXPECT_THAT(to_string(find_server(options, "valkey:plain").error()), HasSubstr("cannot be executed: Permission denied"));
  EXPECT_THAT(to_string(find_server(options, "valkey:folder").error()), HasSubstr("not a file"));
}

TEST(PrepareCommand, TellsEverythingAndKeepsThePasswordFromOnlookers) {
  PodRecord pod;
  pod.name = PodName("cache-aaaaa");
  pod.ip = "127.17.3.4";
  pod.zone = "z1";
  pod.server = {std::chrono::milliseconds(750), 1, 1000, {{"maxmemory-policy", "allkeys-lru"}}};
  const auto command =
      prepare_command({.agent_binary = "/a/agent", .launch_binary = "/a/launch"}, "/s/pods/cache-aaaaa", pod, {"uid", "secret"});
  EXPECT_EQ(command.program, "/a/agent");
  EXPECT_EQ(command.working_folder, "/s/pods/cache-aaaaa");
  EXPECT_EQ(command.arguments.front(), "prepare");
  EXPECT_THAT(command.arguments,
              IsSupersetOf({"/s/pods/cache-aaaaa/volume", "127.17.3.4", "z1", "750", "1000", "maxmemory-policy=allkeys-lru"}));
  EXPECT_THAT(command.arguments, Not(Contains(HasSubstr("secret"))));
  EXPECT_THAT(command.environment, ElementsAre("SHARDKEEPER_POD_FOLDER=/s/pods/cache-aaaaa", "SHARDKEEPER_REPLICATION_PASSWORD=secret"));
}

TEST(ServerCommand, ExecutesThePathAsGiven) {
  const auto command = server_command("/s/pods/p", "/usr/bin/valkey-server");
  EXPECT_EQ(command.program, "/s/pods/p/volume/launch");
  EXPECT_THAT(command.arguments, ElementsAre("/s/pods/p/volume", "/usr/bin/valkey-server"));
}

}  // namespace
}  // namespace shardkeeper::platform::local
