// What each subcommand asks, writes and returns. The coordinator is played.
#include "tests/unit/cli/run_line.h"
#include "tests/unit/cli/worlds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <sstream>

namespace shardkeeper::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    api_.statuses = {healthy()};
    api_.all_events = events();
    api_.all_workers = workers();
  }
  FakeAdminApi api_;
};

TEST_F(Commands, StatusDrawsTheTree) {
  const auto ran = run_line({"status", "cache"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, StartsWith("● cache  Ready"));
  EXPECT_THAT(api_.asked, ElementsAre("status cache"));
}

TEST_F(Commands, StatusOfAllClusters) {
  run_line({"status"}, api_);
  EXPECT_THAT(api_.asked, ElementsAre("status "));
}

TEST_F(Commands, ExitCodeTellsReadiness) {
  EXPECT_EQ(run_line({"status", "--exit-code"}, api_).code, ExitCode::kOk);
  api_.statuses = {being_created()};
  EXPECT_EQ(run_line({"status"}, api_).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"status", "--exit-code"}, api_).code, ExitCode::kNotReady);
  api_.statuses = {admin::v1::Status{}};
  EXPECT_EQ(run_line({"status", "--exit-code"}, api_).code, ExitCode::kNotReady);
}

TEST_F(Commands, EveryListHasJsonAndYaml) {
  for (const std::vector<const char*>& line : std::vector<std::vector<const char*>>{{"status"},
                                                                                    {"events"},
                                                                                    {"worker", "list"},
                                                                                    {"worker", "cordon", "w"},
                                                                                    {"worker", "uncordon", "w"},
                                                                                    {"worker", "lose", "w"},
                                                                                    {"takeover", "--confirm-lost", "w"},
                                                                                    {"takeover", "--accept-stale", "p"},
                                                                                    {"scale", "cache", "--shards", "4", "--plan"},
                                                                                    {"scale", "cache", "--shards", "4", "--yes"},
                                                                                    {"rebalance", "cache"},
                                                                                    {"slots"},
                                                                                    {"version"}}) {
    auto json_line = line;
    json_line.insert(json_line.end(), {"-o", "json"});
    const auto json = run_line(json_line, api_);
    EXPECT_EQ(json.code, ExitCode::kOk);
    EXPECT_NO_THROW(boost::json::parse(json.out)) << json.out;
    auto yaml_line = line;
    yaml_line.insert(yaml_line.begin(), {"--output", "yaml"});
    const auto yaml = run_line(yaml_line, api_);
    EXPECT_EQ(yaml.code, ExitCode::kOk);
    EXPECT_THAT(yaml.out, StartsWith("---\n")) << line[0];
  }
}

TEST_F(Commands, EventsPassTheirLimit) {
  const auto ran = run_line({"events", "cache", "--limit", "20"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("promote cache-p9d4z by force"));
  run_line({"events"}, api_);
  EXPECT_THAT(api_.asked, ElementsAre("events cache 20", "events  100"));
}

TEST_F(Commands, WorkersAreSteered) {
  EXPECT_THAT(run_line({"worker", "list"}, api_).out, StartsWith("WORKER    ZONE  STATE"));
  EXPECT_EQ(run_line({"worker", "cordon", "worker-1"}, api_).out, "worker-1 takes no new pods\n");
  EXPECT_EQ(run_line({"worker", "uncordon", "worker-1"}, api_).out, "worker-1 takes new pods again\n");
  EXPECT_EQ(run_line({"worker", "lose", "worker-1"}, api_).out, "worker-1 is lost: all its processes were killed\n");
  run_line({"worker", "lose", "worker-1", "--mode", "stop"}, api_);
  run_line({"worker", "lose", "--mode=restore", "worker-1"}, api_);
  EXPECT_THAT(api_.asked, ElementsAre("workers", "cordon worker-1", "uncordon worker-1", "lose worker-1 KILL", "lose worker-1 STOP",
                                      "lose worker-1 RESTORE"));
}

TEST_F(Commands, TakeoverNeedsTheWord) {
  EXPECT_EQ(run_line({"takeover"}, api_).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"takeover", "worker-1"}, api_).code, ExitCode::kUsage);
  EXPECT_EQ(run_line({"takeover", "--confirm-lost", "worker-1"}, api_).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"takeover", "--accept-stale", "cache-a"}, api_).code, ExitCode::kOk);
  EXPECT_EQ(run_line({"takeover", "--accept-stale", "cache-a", "--confirm-lost", "worker-1"}, api_).code, ExitCode::kUsage);
  EXPECT_THAT(api_.asked, ElementsAre("confirm-lost worker-1", "accept-stale cache-a"));
}

TEST_F(Commands, VersionIsKnownWithoutACoordinator) {
  EXPECT_THAT(run_line({"version"}, api_).out, HasSubstr("\ncoordinator 7.7.7 (local)\n"));
  api_.error = unavailable("/x.sock", "nobody listens");
  const auto ran = run_line({"version"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("\ncoordinator not asked: /x.sock: nobody listens\n"));
  EXPECT_THAT(run_line({"version", "-o", "yaml"}, api_).out, HasSubstr("coordinator: ~\n"));
}

TEST_F(Commands, ErrorsGoToTheErrorStreamWithTheirExitCode) {
  const std::pair<Error, ExitCode> rows[] = {
      {unavailable("/x.sock", "no coordinator listens on it"), ExitCode::kNoCoordinator},
      {unknown_outcome("coordinator", "no answer in 5 s"), ExitCode::kFailed},
      {not_found("cluster cache", "is not known"), ExitCode::kFailed},
      {refused("worker-1", "the platform cannot do that"), ExitCode::kFailed},
  };
  for (const auto& [error, code] : rows) {
    api_.error = error;
    for (const std::vector<const char*>& line : std::vector<std::vector<const char*>>{
             {"status", "-o", "json"}, {"events"}, {"worker", "list"}, {"worker", "cordon", "w"}, {"takeover", "--confirm-lost", "w"}}) {
      const auto ran = run_line(line, api_);
      EXPECT_EQ(ran.code, code) << to_string(error);
      EXPECT_EQ(ran.err, "shardkeeper: " + to_string(error) + "\n");
      EXPECT_EQ(ran.out, "");
    }
  }
}

TEST_F(Commands, WatchElsewhereWritesOneTreeAChange) {
  api_.statuses = {being_created(), healthy(), healthy()};
  const auto ran = run_line({"status", "-w", "cache"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(api_.asked, ElementsAre("watch cache"));
  const auto second = ran.out.find("\n\n● cache  Ready");
  EXPECT_NE(second, std::string::npos);
  EXPECT_EQ(ran.out.find("● cache  Ready", second + 5), std::string::npos) << "the same tree is not written twice";
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
}

TEST_F(Commands, WatchOnATerminalDrawsInPlaceAndGivesTheCursorBack) {
  api_.statuses = {being_created(), healthy()};
  const auto ran = run_line({"status", "--watch"}, api_, {.is_terminal = true, .height = 50, .look = kLook});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, StartsWith("\x1b[?25l"));
  EXPECT_THAT(ran.out, HasSubstr("A\r"));
  EXPECT_THAT(ran.out, testing::EndsWith("\x1b[?25h"));
}

TEST_F(Commands, WatchForProgramsWritesOneLineOrDocumentAChange) {
  api_.statuses = {being_created(), healthy()};
  std::istringstream lines(run_line({"status", "--watch", "-o", "json"}, api_).out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_NO_THROW(boost::json::parse(line));
  EXPECT_EQ(count, 2);
  EXPECT_THAT(run_line({"status", "--watch", "-o", "yaml"}, api_).out, HasSubstr("\n---\n"));
}

TEST_F(Commands, WatchThatBreaksSaysSo) {
  api_.error = unavailable("coordinator", "is shutting down");
  const auto ran = run_line({"status", "--watch"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kNoCoordinator);
  EXPECT_EQ(ran.err, "shardkeeper: coordinator: is shutting down\n");
}

struct UsageCase {
  std::string_view says;
  std::vector<const char*> line;
};

TEST_F(Commands, WrongCommandLinesAreUsageErrors) {
  const UsageCase cases[] = {{"no subcommand", {}},
                             {"unknown subcommand", {"frobnicate"}},
                             {"two clusters", {"status", "a", "b"}},
                             {"unknown format", {"status", "-o", "xml"}},
                             {"limit 0", {"events", "--limit", "0"}},
                             {"limit that is none", {"events", "--limit", "many"}},
                             {"worker without a command", {"worker"}},
                             {"cordon without a worker", {"worker", "cordon"}},
                             {"unknown mode", {"worker", "lose", "w", "--mode", "eat"}},
                             {"timeout 0", {"status", "--timeout", "0"}},
                             {"watch with an exit code", {"status", "--watch", "--exit-code"}},
                             {"scale without a cluster", {"scale", "--shards", "4"}},
                             {"scale without a number", {"scale", "cache"}},
                             {"scale to nothing", {"scale", "cache", "--shards", "0"}},
                             {"scale beyond limits", {"scale", "cache", "--shards", "1001"}},
                             {"a plan that is agreed to", {"scale", "cache", "--shards", "4", "--plan", "--yes"}}};
  for (const auto& [says, line] : cases) {
    const auto ran = run_line(line, api_);
    EXPECT_EQ(ran.code, ExitCode::kUsage) << says;
    EXPECT_EQ(ran.out, "") << says;
    EXPECT_THAT(ran.err, HasSubstr("--help")) << says;
  }
  EXPECT_TRUE(api_.asked.empty());
}

TEST_F(Commands, HelpTeaches) {
  const auto ran = run_line({"--help"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("Examples:"));
  EXPECT_THAT(ran.out, HasSubstr("Exit codes:"));
  for (const std::vector<const char*>& line : std::vector<std::vector<const char*>>{{"status", "--help"},
                                                                                    {"events", "--help"},
                                                                                    {"worker", "--help"},
                                                                                    {"takeover", "--help"},
                                                                                    {"scale", "--help"},
                                                                                    {"rebalance", "--help"},
                                                                                    {"slots", "--help"}})
    EXPECT_THAT(run_line(line, api_).out, HasSubstr("shardkeeper ")) << line[0];
}

}  // namespace
}  // namespace shardkeeper::cli
