// The program write-checker, as a person runs it, on a cluster of one server.
#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Finished write_checker(const std::vector<std::string>& arguments) {
  return run({.program = SK_WRITE_CHECKER, .arguments = arguments}, 30s);
}

TEST(WriteCheckerProgram, SaysWhatItFound) {
  const TempDir folder;
  const LoopbackBlock block;
  const ValkeyProcess server({.program = valkey_server(ValkeyLine::k9),
                              .ip = block.address(1),
                              .folder = folder.path(),
                              .settings = {{"cluster-node-timeout", "500"}}});
  ASSERT_EQ(server.ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_TRUE(wait_until([&] { return server.ask({"CLUSTER", "INFO"}).find("cluster_state:ok") != std::string::npos; }));
  const std::string seed = block.address(1) + ":6379";

  const Finished text = write_checker({"--seed", seed, "--seconds", "1"});
  EXPECT_EQ(text.status.code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("clean: every acknowledged write is there"));

  const Finished json = write_checker({"--seed", seed, "--seconds", "1", "--slots", "5,7", "-o", "json"});
  EXPECT_EQ(json.status.code, 0) << json.output;
  EXPECT_THAT(json.output, HasSubstr(R"({"clean":true,)"));
  EXPECT_THAT(json.output, HasSubstr(R"("name":"5,7")"));

  // A writer that is refused: the exit code tells.
  ASSERT_EQ(server.ask({"ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@read", "+cluster|slots"}), "OK");
  const Finished refused = write_checker({"--seed", seed, "--seconds", "1", "--user", "reader", "--password", "x"});
  EXPECT_EQ(refused.status.code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("NOPERM"));
}

TEST(WriteCheckerProgram, NamesBadInput) {
  EXPECT_EQ(write_checker({"--help"}).status.code, 0);
  const LoopbackBlock nobody;
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "--seed is required"},
      {{"--seed", "nowhere"}, "--seed nowhere: must be IP:PORT"},
      {{"--seed", "127.0.0.1:70000"}, "--seed 127.0.0.1:70000: must be IP:PORT"},
      {{"--seed", "127.0.0.1:1", "--slots", "5-4"}, "--slots 5-4"},
      {{"--seed", "127.0.0.1:1", "--seconds", "0"}, "--seconds"},
      {{"--seed", nobody.address(1) + ":6379"}, "no node tells who serves the slots"},
  };
  for (const auto& [arguments, message] : cases) {
    const Finished finished = write_checker(arguments);
    EXPECT_EQ(finished.status.code, 2) << message;
    EXPECT_THAT(finished.output, HasSubstr(message));
  }
}

}  // namespace
}  // namespace shardkeeper::test
