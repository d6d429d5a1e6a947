// What `launch` says when it cannot do its work. No server is needed: scripts stand in for bad ones.
#include "agent/io/volume_layout.h"
#include "tests/support/wait_until.h"
#include "tests/unit/launch/test_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include <elf.h>
#include <unistd.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;
namespace layout = agent::layout;

class Trouble : public testing::Test {
 protected:
  fs::path script(const char* name, const std::string& text) const {
    write_file(folder_ / name, "#!/bin/sh\n" + text + "\n");
    fs::permissions(folder_ / name, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec | fs::perms::others_read);
    return folder_ / name;
  }
  Finished launch(const fs::path& volume, const std::string& server) const {
    return run({.program = launch_program(), .arguments = {volume.string(), server}}, 20s);
  }
  // Ends with `code` and says `reason` to people and to the agent.
  void expect_refusal(const std::string& server, int code, const std::string& reason) {
    const auto ended = launch(pod_.dir(), server);
    EXPECT_EQ(ended.status, (ExitStatus{code, 0})) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr(reason));
    EXPECT_THAT(pod_.volume().launch_error(), HasSubstr(reason));
    EXPECT_FALSE(pod_.volume().gate().request) << "nobody waits";
  }

  TempDir folder_;
  TestPod pod_{"pod-a", "127.0.0.1"};
};

TEST_F(Trouble, AMissingServerIsNamed) {
  expect_refusal("/missing/valkey-server", 4, "cannot execute the server /missing/valkey-server: No such file");
}

TEST_F(Trouble, AServerThatCannotBeExecutedIsNamed) {
  write_file(folder_ / "text", "x");
  expect_refusal((folder_ / "text").string(), 4, "permission denied");
  expect_refusal(folder_.path().string(), 4, "permission denied");
}

TEST_F(Trouble, AnotherProgramIsNoServer) { expect_refusal("/bin/echo", 4, "/bin/echo is not a Valkey server: its --version says \"echo"); }

TEST_F(Trouble, AnotherProductIsNoServer) {
  expect_refusal(script("redis", "echo 'Redis server v=8.2.1 sha=0 malloc=libc'"), 4,
                 "is not a Valkey server: its --version says \"Redis server v=8.2.1");
}

TEST_F(Trouble, AVersionMustBeWhole) {
  for (const char* const version :
       {"8.0", "8.0.", ".8.0", "8..1", "8", "x", "", "8.0.1.2", "8.0.12345", "1234567890.1234567890.1234567890"})
    expect_refusal(script("server", std::string("echo 'Valkey server v=") + version + " sha=0'"), 4, "is not a Valkey server");
}

TEST_F(Trouble, ASilentServerIsNoServer) { expect_refusal(script("silent", "exit 0"), 4, "its --version says \"\""); }

TEST_F(Trouble, EndlessOutputIsCutOff) { expect_refusal(script("chatty", "exec yes"), 4, "its --version says \"y\""); }

TEST_F(Trouble, AServerThatHangsIsGivenUp) {
  const auto start = std::chrono::steady_clock::now();
  expect_refusal(script("hung", "exec sleep 60"), 4, "--version did not end within 5 s");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 15s);
}

TEST_F(Trouble, AVolumeThatIsNoneIsNamed) {
  const auto ended = launch(folder_ / "missing", "/bin/true");
  EXPECT_EQ(ended.status.code, 3);
  EXPECT_THAT(ended.output, HasSubstr("cannot open the volume's folder " + (folder_ / "missing").string()));
}

TEST_F(Trouble, AVolumeThatWasNeverPreparedIsNamed) {
  const auto ended = launch(folder_.path(), "/bin/true");
  EXPECT_EQ(ended.status.code, 3);
  EXPECT_THAT(ended.output, HasSubstr("lock is missing: run `shardkeeper-agent prepare` on this volume first"));
  EXPECT_FALSE(fs::exists(folder_ / layout::kLock)) << "launch never makes the lock";
}

// As another user where we are root, since root may write anywhere.
TEST_F(Trouble, AFolderThatCannotBeWrittenIsNamed) {
  const fs::path volume = folder_ / "volume";
  fs::create_directory(volume);
  write_file(volume / layout::kLock, "");
  fs::permissions(volume / layout::kLock, fs::perms(0666));
  fs::permissions(volume, fs::perms(0555));
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::copy_file(launch_program(), folder_ / "launch");
  std::vector<std::string> command{(folder_ / "launch").string(), volume.string(), "/bin/true"};
  if (::geteuid() == 0) command.insert(command.begin(), {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  const fs::path program = command.front();
  command.erase(command.begin());
  const auto ended = run({.program = program, .arguments = command}, 10s);
  EXPECT_EQ(ended.status.code, 3) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("permission denied; all containers of the pod must run as the same user"));
  fs::permissions(volume, fs::perms::owner_all);
}

// No file of the process may grow: what a full disk is to a small file, and needs no privileges.
TEST_F(Trouble, AFullDiskIsNamed) {
  const fs::path server = script("server", "echo 'Valkey server v=9.1.2 sha=0'");
  const std::string limited =
      "trap '' XFSZ; ulimit -f 0; " + launch_program().string() + " " + pod_.dir().string() + " " + server.string() + "; echo code $?";
  // Through a pipe: what collects the output here may be a file.
  const auto ended = run({.program = "/bin/sh", .arguments = {"-c", "(" + limited + ") 2>&1 | cat"}}, 10s);
  EXPECT_THAT(ended.output, HasSubstr("cannot write " + (pod_ / layout::kRequest).string() + ": File too large"));
  EXPECT_THAT(ended.output, HasSubstr("code 3"));
  EXPECT_FALSE(fs::exists(pod_ / "request.launch")) << "nothing half-written stays";
}

TEST_F(Trouble, AFullTmpfsIsNamed) {
  const fs::path server = script("server", "echo 'Valkey server v=9.1.2 sha=0'");
  const std::string dir = pod_.dir().string();
  const std::string command = "mount -t tmpfs -o size=4k none " + dir + " && touch " + dir + "/lock && mkdir " + dir +
                              "/last && { cat /dev/zero >" + dir + "/fill 2>/dev/null; exec " + launch_program().string() + " " + dir +
                              " " + server.string() + "; }";
  std::vector<std::string> arguments{"--mount", "--map-root-user", "/bin/sh", "-c", command};
  if (::geteuid() == 0) arguments.erase(arguments.begin() + 1);
  const auto ended = run({.program = "/usr/bin/unshare", .arguments = arguments}, 10s);
  // tidy: AFullDiskIsNamed shows the same where no file system can be mounted.
  if (ended.status.code == 1 || ended.status.code == 32)
    GTEST_SKIP() << "this kernel lets us mount nothing (AFullDiskIsNamed ran): " << ended.output;
  EXPECT_EQ(ended.status.code, 3) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("no space left on the volume; raise its size limit"));
}

TEST_F(Trouble, AnOldVersionMayAskButIsNotLetIn) {
  pod_.launch(script("old", "echo 'Valkey server v=7.2.9 sha=0'"));
  const StartId id = pod_.wait_for_request();
  ASSERT_FALSE(id.empty()) << pod_.log();
  EXPECT_EQ(pod_.volume().gate().request->version, (ServerVersion{7, 2, 9}));
  const auto granted = pod_.volume().grant(id, "test");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kInvalid);
}

TEST_F(Trouble, OfYesterdayIsForgotten) {
  expect_refusal("/bin/true", 4, "not a Valkey server");
  pod_.launch(script("server", "echo 'Valkey server v=9.1.2 sha=0'"));
  ASSERT_FALSE(pod_.wait_for_request().empty());
  EXPECT_TRUE(pod_.loop_until([&] { return pod_.volume().launch_error().empty(); }));
}

TEST_F(Trouble, AServerThatIsGoneWhenTheGateOpensIsNamedAndTheLockIsFree) {
  const fs::path server = script("server", "echo 'Valkey server v=9.1.2 sha=0'");
  pod_.launch(server);
  const StartId id = pod_.wait_for_request();
  fs::remove(server);
  ASSERT_TRUE(pod_.volume().grant(id, "test"));
  EXPECT_EQ(pod_.server().wait(5s), (ExitStatus{4, 0}));
  EXPECT_THAT(pod_.volume().launch_error(), HasSubstr("cannot execute the server"));
  EXPECT_TRUE(pod_.volume().gate().is_known_dead());
}

TEST(Usage, IsTaught) {
  const auto help = run({.program = launch_program(), .arguments = {"--help"}}, 5s);
  EXPECT_EQ(help.status.code, 0);
  EXPECT_THAT(help.output,
              testing::AllOf(HasSubstr("Usage: launch VOLUME_DIR SERVER_PATH"), HasSubstr("launch stop"), HasSubstr("Exit codes:")));
  const std::vector<std::string> wrong[] = {
      {}, {"one"}, {"one", "two", "three"}, {"--unknown", "x"}, {"stop", "/tmp"}, {"stop", "/tmp", "x"}, {"stop", "/tmp", "-1"}};
  for (const auto& arguments : wrong) EXPECT_EQ(run({.program = launch_program(), .arguments = arguments}, 5s).status.code, 2);
}

TEST(Size, IsBelowAMegabyte) { EXPECT_LT(fs::file_size(launch_program()), 1'000'000U); }

TEST(Size, NeedsNoLoaderOfTheImage) {
  const std::string program = read_file(launch_program());
  Elf64_Ehdr header;
  ASSERT_GE(program.size(), sizeof header);
  std::memcpy(&header, program.data(), sizeof header);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, program.data() + header.e_phoff + static_cast<std::size_t>(i) * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_INTERP));
  }
}

}  // namespace
}  // namespace shardkeeper::test
