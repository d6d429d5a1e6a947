#include "coordinator/platform/local/process.h"

#include "tests/unit/local/platform_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

class ProcessTest : public PlatformTest {
 protected:
  Command shell(const std::string& script) const { return {"/bin/sh", {"-c", script}, {}, temp_.path(), temp_ / "log"}; }
  std::unique_ptr<Process> start(const Command& command) {
    auto process = Process::start(loop_, command, [this](const ProcessEnd& end) { end_ = end; });
    EXPECT_TRUE(process) << to_string(process.error());
    return process ? std::move(*process) : nullptr;
  }
  bool ends() {
    return reaches([this] { return end_.has_value(); });
  }

  std::optional<ProcessEnd> end_;
};

TEST_F(ProcessTest, EndIsSeenWithItsCode) {
  const auto process = start(shell("exit 7"));
  ASSERT_TRUE(ends());
  EXPECT_EQ(to_string(*end_), "exit code 7");
  EXPECT_EQ(process_state(process->id().pid), 0) << "no zombie is left";
}

TEST_F(ProcessTest, EndBySignalIsSeen) {
  const auto process = start(shell("kill -9 $$"));
  ASSERT_TRUE(ends());
  EXPECT_EQ(to_string(*end_), "signal 9");
}

TEST_F(ProcessTest, LeadsASessionWithDefaultSignalsAndNoForeignDescriptors) {
  ::signal(SIGPIPE, SIG_IGN);  // as gRPC does
  const int descriptor = ::open("/dev/null", O_RDONLY);
  const auto process = start(shell("cat /proc/$$/stat; grep SigIgn /proc/$$/status; ls /proc/$$/fd; pwd"));
  ::close(descriptor);
  ::signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(ends());
  const auto log = test::read_file(temp_ / "log");
  const auto pid = std::to_string(process->id().pid);
  EXPECT_THAT(log, HasSubstr(" " + pid + " " + pid + " 0 ")) << "process group, session, no terminal";
  const auto ignored = std::stoull(log.substr(log.find("SigIgn:") + 8), nullptr, 16);
  EXPECT_EQ(ignored >> (SIGPIPE - 1) & 1U, 0U);
  EXPECT_THAT(log, HasSubstr("0\n1\n2\n" + temp_.path().string()));
}

TEST_F(ProcessTest, WhatItHoldsUntilItsProgramStartsIsClosedThen) {
  const int low = ::open("/dev/null", O_RDONLY);
  const int held = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int high = ::open("/dev/null", O_RDONLY);
  auto command = shell("ls /proc/$$/fd; pwd");
  command.held_until_exec = held;
  const auto process = start(command);
  for (const int descriptor : {low, held, high}) ::close(descriptor);
  ASSERT_TRUE(ends());
  EXPECT_THAT(test::read_file(temp_ / "log"), testing::StartsWith("0\n1\n2\n" + temp_.path().string()));
}

TEST_F(ProcessTest, WhatItForkedGoesWithIt) {
  const auto process = start(shell("sleep 1000 & echo $!; exit 0"));
  ASSERT_TRUE(ends());
  const auto child = std::stoi(test::read_file(temp_ / "log"));
  EXPECT_TRUE(test::wait_until([&] { return !is_alive(child); }));
}

TEST_F(ProcessTest, SaysWhyItCannotBeStarted) {
  const auto missing = Process::start(loop_, {"/no/such/program", {}, {}, temp_.path(), temp_ / "log"}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(to_string(missing.error()), "/no/such/program: cannot be started: No such file or directory");
}

TEST_F(ProcessTest, LongLogIsCutAtTheNextStart) {
  test::write_file(temp_ / "log", std::string((10 << 20) + 1, 'x'));
  const auto process = start(shell("echo new"));
  ASSERT_TRUE(ends());
  EXPECT_EQ(test::read_file(temp_ / "log"), "new\n");
}

TEST_F(ProcessTest, DestroyedItLeavesTheProcessAndNoZombieLater) {
  auto process = start(shell("exec sleep 1000"));
  const auto pid = process->id().pid;
  process.reset();
  EXPECT_TRUE(is_alive(pid));
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(reaches([&] { return process_state(pid) == 0; }));
  EXPECT_FALSE(end_);
}

TEST_F(ProcessTest, AdoptsWhatIsStillTheSame) {
  auto process = start(shell("exec sleep 1000"));
  const auto id = process->id();
  process.reset();
  const auto adopted = Process::adopt(loop_, id, [this](const ProcessEnd& end) { end_ = end; });
  ASSERT_NE(adopted, nullptr);
  adopted->signal(SIGTERM);
  EXPECT_TRUE(ends());
}

TEST_F(ProcessTest, DoesNotAdoptAnotherProcessOfTheSameNumber) {
  const auto process = start(shell("exec sleep 1000"));
  auto other = process->id();
  ++other.start_ticks;
  EXPECT_EQ(Process::adopt(loop_, other, {}), nullptr);
  auto other_boot = process->id();
  other_boot.boot = "another";
  EXPECT_EQ(Process::adopt(loop_, other_boot, {}), nullptr);
  kill_exactly(other);
  EXPECT_TRUE(is_alive(process->id().pid)) << "nor is it killed";
  kill_exactly(process->id());
  EXPECT_TRUE(ends());
}

TEST_F(ProcessTest, AZombieIsGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_TRUE(test::wait_until([&] { return process_state(child) == 'Z'; }));
  EXPECT_EQ(identify(child), std::nullopt);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace shardkeeper::platform::local
