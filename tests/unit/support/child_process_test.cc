#include "tests/support/child_process.h"

#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

ChildOptions shell(const std::string& script) { return {.program = "/bin/sh", .arguments = {"-c", script}}; }

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST(ChildProcess, TellsHowItEnded) {
  EXPECT_EQ(ChildProcess(shell("exit 7")).wait(5s), (ExitStatus{7, 0}));
  EXPECT_EQ(ChildProcess(shell("kill -TERM $$")).wait(5s), (ExitStatus{0, SIGTERM}));
}

TEST(ChildProcess, WaitHasADeadline) {
  ChildProcess child(shell("exec sleep 60"));
  EXPECT_EQ(child.wait(20ms), std::nullopt);
  EXPECT_TRUE(child.is_running());
}

TEST(ChildProcess, IsKilledOnDestruction) {
  pid_t pid = 0;
  {
    const ChildProcess child(shell("exec sleep 60"));
    pid = child.pid();
    EXPECT_TRUE(exists(pid));
  }
  EXPECT_FALSE(exists(pid));
}

TEST(ChildProcess, TerminateKillsWhatIgnoresIt) {
  const TempDir folder;
  ChildProcess child(shell("trap '' TERM; touch " + (folder / "ready").string() + "; while :; do sleep 1; done"));
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(folder / "ready"); }));
  EXPECT_EQ(child.terminate(50ms), (ExitStatus{0, SIGKILL}));
}

TEST(ChildProcess, SaysWhichProgramCannotBeStarted) {
  try {
    const ChildProcess child({.program = "/nowhere/program"});
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/program: cannot be started: No such file or directory");
  }
}

TEST(ChildProcess, GetsItsEnvironmentFolderAndFiles) {
  const TempDir folder;
  ChildOptions options = shell("echo \"$COLOUR in $PWD\"; echo trouble >&2");
  options.environment = {"COLOUR=blue"};
  options.working_folder = folder.path();
  options.output = folder / "log";
  options.standard_output = folder / "out";
  EXPECT_EQ(ChildProcess(options).wait(5s), (ExitStatus{0, 0}));
  EXPECT_EQ(read_file(folder / "out"), "blue in " + folder.path().string() + "\n");
  EXPECT_EQ(read_file(folder / "log"), "trouble\n");
}

TEST(Run, ReturnsStatusAndOutput) {
  const Finished finished = run(shell("echo one; echo two >&2; exit 3"), 5s);
  EXPECT_EQ(finished.status.code, 3);
  EXPECT_EQ(finished.output, "one\ntwo\n");
}

TEST(Run, ThrowsWhenItTakesTooLong) { EXPECT_THROW(run(shell("exec sleep 60"), 20ms), std::runtime_error); }

TEST(ProcessTree, FindsAndKillsOrphans) {
  const TempDir folder;
  const std::string file = (folder / "pid").string();
  const ProcessTree tree;
  // The shell ends at once; its background child would belong to init without the tree.
  EXPECT_EQ(ChildProcess(shell("sleep 60 & echo $! >" + file + ".new; mv " + file + ".new " + file)).wait(5s), (ExitStatus{0, 0}));
  const pid_t orphan = std::stoi(read_file(file));
  const auto living = ProcessTree::descendants();
  EXPECT_EQ(living, std::vector<pid_t>{orphan});
  EXPECT_EQ(ProcessTree::kill_all(), 1);
  EXPECT_FALSE(exists(orphan));
}

}  // namespace
}  // namespace shardkeeper::test
