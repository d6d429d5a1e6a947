#include "coordinator/platform/local/state_folder.h"

#include "coordinator/platform/local/last_words.h"
#include "coordinator/platform/local/options.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/local/value_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace shardkeeper::platform::local {
namespace {

using test::value_of;

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(StateFolder, IsMadeForTheOwnerAlone) {
  const test::TempDir temp;
  const auto state = StateFolder::open(temp / "a/b");
  ASSERT_TRUE(state) << to_string(state.error());
  struct stat found {};
  ASSERT_EQ(::stat((temp / "a/b/clusters").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  EXPECT_TRUE(StateFolder::open(temp / "a/b")) << "and opened again";
  EXPECT_FALSE(fs::exists(temp / "a/b/.writable"));
}

TEST(StateFolder, RefusesAPathTooLongForUnixSockets) {
  const test::TempDir temp;
  const auto state = StateFolder::open(temp.path() / std::string(100, 'x'));
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(to_string(state.error()), HasSubstr("too long by"));
  EXPECT_THAT(to_string(state.error()), HasSubstr("--state-dir"));
  EXPECT_FALSE(fs::exists(temp.path() / std::string(100, 'x'))) << "nothing is made then";
}

TEST(StateFolder, RefusesAClusterNameTooLongForUnixSockets) {
  const test::TempDir temp;
  const auto state = StateFolder::open(temp.path() / std::string(40, 'x'));
  ASSERT_TRUE(state) << to_string(state.error());
  EXPECT_TRUE(state->check_cluster_name(ClusterName("cache")));
  const auto refused = state->check_cluster_name(ClusterName(std::string(40, 'c')));
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("unix sockets"));
}

TEST(StateFolder, RefusesNamesThatWouldLeaveIt) {
  const test::TempDir temp;
  const auto state = StateFolder::open(temp / "s");
  ASSERT_TRUE(state);
  for (const char* name : {"", ".", "..", "../x", "a/b", "-a", "a-", "A", "a_b", "a b"}) {
    EXPECT_FALSE(state->check_cluster_name(ClusterName(name))) << name;
    EXPECT_FALSE(state->check_pod_name(PodName(name))) << name;
  }
}

TEST(StateFolder, SaysWhyItCannotBeMade) {
  const test::TempDir temp;
  test::write_file(temp / "file", "x");
  for (const auto& path : {temp.path() / "file", temp.path() / "file" / "below", fs::path("/proc/shardkeeper")}) {
    const auto state = StateFolder::open(path);
    ASSERT_FALSE(state) << path;
    EXPECT_EQ(state.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(to_string(state.error()), HasSubstr(path.string()));
  }
  EXPECT_FALSE(StateFolder::open(""));
}

TEST(StateFolder, SaysThatTheDiskIsFull) {
  const auto written = write_file("/dev/full.does-not-exist/x", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(to_string(written.error()), HasSubstr("No such file"));
}

TEST(StateFolder, DeletesWhatHalfMadeAndRemovedPodsLeft) {
  const test::TempDir temp;
  fs::create_directories(temp / "s/pods/.gone-cache-aaaaa-1/volume");
  fs::create_directories(temp / "s/pods/.new-cache-ccccc");
  fs::create_directories(temp / "s/pods/cache-bbbbb");
  const auto state = StateFolder::open(temp / "s");
  ASSERT_TRUE(state);
  EXPECT_FALSE(fs::exists(temp / "s/pods/.gone-cache-aaaaa-1"));
  EXPECT_FALSE(fs::exists(temp / "s/pods/.new-cache-ccccc"));
  EXPECT_EQ(state->pod_names(), std::vector<PodName>{PodName("cache-bbbbb")});
}

TEST(StateFiles, AreReplacedAsAWholeAndKeptFromOthers) {
  const test::TempDir temp;
  const auto file = temp / "f.json";
  ASSERT_TRUE(write_file(file, "first, and long"));
  ASSERT_TRUE(write_file(file, "second"));
  EXPECT_EQ(value_of(read_file(file)), "second");
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_FALSE(fs::exists(temp / "f.json.new"));
}

TEST(StateFiles, AreBounded) {
  const test::TempDir temp;
  test::write_file(temp / "big", std::string((1 << 20) + 1, 'x'));
  const auto text = read_file(temp / "big");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(read_file(temp / "none").error().kind, ErrorKind::kNotFound);
}

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    if (value != nullptr)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  ~Environment() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(DefaultStateFolder, FollowsTheEnvironment) {
  const Environment home("HOME", "/home/me");
  {
    const Environment state("XDG_STATE_HOME", "/var/state");
    EXPECT_EQ(default_state_folder(), "/var/state/shardkeeper");
  }
  {
    const Environment state("XDG_STATE_HOME", "relative");
    EXPECT_EQ(default_state_folder(), "/home/me/.local/state/shardkeeper") << "a relative one is to be ignored, says the XDG specification";
  }
  const Environment state("XDG_STATE_HOME", nullptr);
  const Environment no_home("HOME", nullptr);
  EXPECT_THAT(default_state_folder().string(), testing::StartsWith("/tmp/shardkeeper-"));
}

TEST(LastWords, AreTheLastLineThatSaysSomething) {
  const test::TempDir temp;
  const auto log = temp / "log";
  EXPECT_EQ(last_words(log), "");
  test::write_file(log, "first\nlaunch: /x/valkey-server: No such file\n\n  \n");
  EXPECT_EQ(last_words(log), ": launch: /x/valkey-server: No such file");
  test::write_file(log, std::string(10000, 'x') + "\n" + std::string(9000, 'y'));
  EXPECT_EQ(last_words(log).size(), 302U);
  test::write_file(log, "bell \a and \xff");
  EXPECT_EQ(last_words(log), ": bell ? and ?");
  test::write_file(log, R"({"ts":"2026","level":"error","msg":"prepare failed","reason":"disk full"})"
                        "\n");
  EXPECT_EQ(last_words(log), ": prepare failed, reason=disk full");
}

}  // namespace
}  // namespace shardkeeper::platform::local
