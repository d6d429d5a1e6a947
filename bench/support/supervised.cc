#include "bench/support/supervised.h"

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

sigset_t signals_of_interest() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&signals, number);
  return signals;
}

// Waits for those that have ended. RETURNS the child's exit code once it is among them; the others are orphans.
std::optional<int> reap(pid_t child) {
  std::optional<int> code;
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
    if (ended == child) code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return code;
}

// Servers write and fsync nodes.conf at every change of the cluster, from their only thread: on a disk it is the disk that is measured, for
// us and for the peer. TMPDIR, where set, is kept.
void choose_memory() {
  constexpr const char* kMemory = "/dev/shm";
  constexpr std::uintmax_t kFreeBytesMin = std::uintmax_t{4} << 30;
  std::error_code failed;
  const auto space = std::filesystem::space(kMemory, failed);
  if (!failed && space.available >= kFreeBytesMin && ::access(kMemory, W_OK) == 0) ::setenv("TMPDIR", kMemory, 0);
}

}  // namespace

int supervised(const std::function<int()>& work) {
  choose_memory();
  const test::TempDir folder;  // holds all others: removed when the child could not do it
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  const test::ProcessTree tree;  // what the child leaves behind becomes ours
  sigset_t before;
  const sigset_t signals = signals_of_interest();
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    std::exit(work());
  }
  for (;;) {
    int number = 0;
    ::sigwait(&signals, &number);
    if (number != SIGCHLD) return 128 + number;  // the tree's destructor ends the child, too
    if (const auto code = reap(child)) return *code;
  }
}

}  // namespace shardkeeper::bench
