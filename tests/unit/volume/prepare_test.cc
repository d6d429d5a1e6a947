#include "agent/prepare/prepare.h"

#include "agent/io/pod_volume_settings.h"
#include "agent/io/volume_layout.h"
#include "agent/prepare/prepare_flags.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shardkeeper::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PrepareTest : public testing::Test {
 protected:
  PrepareTest() {
    test::write_file(folder_ / "program", std::string(10'000, 'l'));
    options_.volume = folder_ / "volume";
    options_.launch_binary = folder_ / "program";
    options_.settings.pod = PodName("cache-7x2kq");
    options_.settings.cluster_uid = "uid";
    options_.settings.announce.ip = "127.1.2.3";
    options_.settings.replication.password = "feed";
  }

  std::string read(const char* name) const { return test::read_file(options_.volume / name); }
  struct stat status_of(const char* name) const {
    struct stat status = {};
    EXPECT_EQ(::stat((options_.volume / name).c_str(), &status), 0) << name;
    return status;
  }

  test::TempDir folder_;
  PrepareOptions options_;
};

TEST_F(PrepareTest, MakesWhatLaunchAndAgentNeed) {
  ASSERT_TRUE(prepare(options_));
  EXPECT_EQ(status_of(layout::kLock).st_size, 0);
  EXPECT_EQ(status_of(layout::kSecrets).st_mode & 0777U, 0600U);
  EXPECT_EQ(status_of(layout::kSettings).st_mode & 0777U, 0600U) << "it holds the replication password";
  EXPECT_EQ(status_of(layout::kLaunch).st_mode & 0777U, 0755U);
  EXPECT_EQ(read(layout::kLaunch), std::string(10'000, 'l'));
  EXPECT_TRUE(fs::is_directory(options_.volume / layout::kLastFolder));
  EXPECT_TRUE(fs::is_directory(options_.volume / layout::kTlsFolder));
  const auto login = read_agent_login(options_.volume);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, kAgentUser);
  EXPECT_EQ(login->password.size(), 64U);
}

TEST_F(PrepareTest, FillsInTheBusPort) {
  ASSERT_TRUE(prepare(options_));
  const auto settings = read_settings(options_.volume).value();
  EXPECT_EQ(settings.announce, (Endpoint{"127.1.2.3", 6379, bus_port_of("uid")}));
  EXPECT_EQ(settings.replication.user, kReplicationUser);
}

TEST_F(PrepareTest, MayRunAgainAndKeepsLockAndPasswords) {
  ASSERT_TRUE(prepare(options_));
  const auto lock = status_of(layout::kLock).st_ino;
  const std::string secrets = read(layout::kSecrets);
  test::write_file(folder_ / "program", "new");
  options_.settings.config = {{"hz", "20"}};
  ASSERT_TRUE(prepare(options_));
  EXPECT_EQ(status_of(layout::kLock).st_ino, lock);
  EXPECT_EQ(read(layout::kSecrets), secrets);
  EXPECT_EQ(read(layout::kLaunch), "new");
  EXPECT_EQ(read_settings(options_.volume)->config, options_.settings.config);
}

TEST_F(PrepareTest, GivesEveryPodItsOwnPassword) {
  ASSERT_TRUE(prepare(options_));
  const std::string first = read(layout::kSecrets);
  options_.volume = folder_ / "other";
  ASSERT_TRUE(prepare(options_));
  EXPECT_NE(read(layout::kSecrets), first);
}

struct Bad {
  const char* says;
  std::function<void(PrepareOptions&)> change;
  ErrorKind kind;
  const char* error;
};

TEST_F(PrepareTest, RefusesWhatCannotWork) {
  const Bad cases[] = {
      {"a refused setting",
       [](PrepareOptions& o) {
         o.settings.config = {{"save", "1 1"}};
       },
       ErrorKind::kInvalid, "setting save: nothing is persisted"},
      {"no address", [](PrepareOptions& o) { o.settings.announce.ip.clear(); }, ErrorKind::kInvalid, "announced address"},
      {"no password", [](PrepareOptions& o) { o.settings.replication.password.clear(); }, ErrorKind::kInvalid,
       "replication user's password"},
      {"no launch", [](PrepareOptions& o) { o.launch_binary += "-missing"; }, ErrorKind::kNotFound, "program-missing: no such file"},
      {"a long path", [](PrepareOptions& o) { o.volume /= std::string(100, 'd'); }, ErrorKind::kInvalid, "too long for a unix socket"},
      {"a file in the way", [](PrepareOptions& o) { o.volume = o.launch_binary / "v"; }, ErrorKind::kUnavailable,
       "cannot be made: Not a directory"},
      {"a place that cannot be written", [](PrepareOptions& o) { o.volume = "/proc/shardkeeper"; }, ErrorKind::kUnavailable,
       "/proc/shardkeeper: cannot be made"}};
  for (const auto& [says, change, kind, error] : cases) {
    PrepareOptions options = options_;
    change(options);
    const auto done = prepare(options);
    ASSERT_FALSE(done) << says;
    EXPECT_EQ(done.error().kind, kind) << says;
    EXPECT_THAT(to_string(done.error()), HasSubstr(error)) << says;
  }
}

TEST_F(PrepareTest, RefusesAVolumeThatIsNotOurs) {
  fs::create_directories(options_.volume / layout::kLock);
  EXPECT_FALSE(prepare(options_)) << "the lock is a folder";
  fs::remove(options_.volume / layout::kLock);
  test::write_file(options_.volume / layout::kSecrets, "{}");
  const auto done = prepare(options_);
  ASSERT_FALSE(done) << "never overwritten: a server may use the passwords in it";
  EXPECT_THAT(to_string(done.error()), HasSubstr("give the pod an empty volume"));
  EXPECT_EQ(read(layout::kSecrets), "{}");
}

// A volume of its own in a mount namespace of its own, where the kernel lets us; else files of this process may not grow, which is the same
// to prepare.
int prepare_on_a_full_disk(const PrepareOptions& options) {
  fs::create_directories(options.volume);
  const bool has_namespace = ::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
                             (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), true) &&
                             ::mount("tmpfs", options.volume.c_str(), "tmpfs", 0, "size=8k") == 0;
  if (!has_namespace) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit none = {0, 0};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  const auto done = prepare(options);
  if (done || done.error().kind != ErrorKind::kUnavailable) return 1;
  const std::string text = to_string(done.error());
  if (text.find("cannot be written: ") == std::string::npos) return 2;
  if (has_namespace && text.find("No space left on device; raise the volume's size limit") == std::string::npos) return 3;
  for (const auto& entry : fs::directory_iterator(options.volume))
    if (entry.path().extension() == ".tmp") return 4;  // half-written files would fill it further
  return 0;
}

TEST_F(PrepareTest, SaysThatTheDiskIsFull) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(prepare_on_a_full_disk(options_));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(PrepareFlags, FillTheOptions) {
  PrepareOptions options;
  CLI::App app;
  add_prepare_flags(app, options);
  ::setenv("SHARDKEEPER_REPLICATION_PASSWORD", "feed", 1);
  app.parse(
      "--volume /v --launch /l --pod p-1 --ip 127.1.2.3 --cluster-uid u --zone z --maxmemory 1000 --node-timeout-ms 700 --min-replicas 1 "
      "--set hz=20 --set \"client-output-buffer-limit=replica 1gb 512mb 120\" --set notify-keyspace-events=");
  ::unsetenv("SHARDKEEPER_REPLICATION_PASSWORD");
  EXPECT_EQ(options.volume, "/v");
  EXPECT_EQ(options.launch_binary, "/l");
  ServerSettings expected;
  expected.pod = PodName("p-1");
  expected.zone = "z";
  expected.cluster_uid = "u";
  expected.announce = {"127.1.2.3", 6379, 0};
  expected.maxmemory_bytes = 1000;
  expected.replication = {std::string(kReplicationUser), "feed"};
  expected.node_timeout = std::chrono::milliseconds(700);
  expected.min_replicas_to_write = 1;
  expected.config = {{"hz", "20"}, {"client-output-buffer-limit", "replica 1gb 512mb 120"}, {"notify-keyspace-events", ""}};
  EXPECT_EQ(options.settings, expected);
}

TEST(PrepareFlags, RefuseWhatIsMalformed) {
  const std::string needed = "--volume /v --launch /l --pod p --ip 127.1.2.3 --cluster-uid u --replication-password x ";
  for (const char* const more : {"--set hz", "--set =1", "--set hz=1 --set hz=2", "--port 65536", "--port -1", "--maxmemory 1gb",
                                 "--node-timeout-ms x", "--unknown"}) {
    PrepareOptions options;
    CLI::App app;
    add_prepare_flags(app, options);
    EXPECT_THROW(app.parse(needed + more), CLI::ParseError) << more;
  }
}

}  // namespace
}  // namespace shardkeeper::agent
