// A child process that cannot outlive its test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct ChildOptions {
  std::filesystem::path program;          // executed as given, never resolved
  std::vector<std::string> arguments;     // without the program's own name
  std::vector<std::string> environment;   // NAME=value, added to this process's own
  std::filesystem::path working_folder;   // empty: this process's own
  std::filesystem::path output;           // stdout and stderr are appended here; empty: /dev/null
  std::filesystem::path standard_output;  // stdout alone, instead of `output`
};

// How a process ended.
struct ExitStatus {
  int code = 0;    // exit code, when signal is 0
  int signal = 0;  // the signal that ended it, else 0

  bool operator==(const ExitStatus&) const = default;
};

// Killed with SIGKILL and waited for on destruction. The kernel kills it too when the *thread* that started it ends (PR_SET_PDEATHSIG), so start
// children on a thread that lives as long as they should. Its own children are not covered: see ProcessTree.
// THREAD one at a time.
class ChildProcess {
 public:
  ChildProcess() = default;  // no process
  // Throws std::runtime_error when the program cannot be executed.
  explicit ChildProcess(const ChildOptions& options);
  ~ChildProcess() { kill(); }
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }  // 0: no process, or already waited for
  bool is_running();

  // Nothing happens when the process has ended.
  void signal(int number);
  // SIGKILL, then waits for the end.
  void kill();
  // RETURNS how it ended, or nothing when it still runs after `deadline`. Remembers the answer.
  std::optional<ExitStatus> wait(std::chrono::milliseconds deadline);
  // SIGTERM and wait; SIGKILL after `grace`.
  ExitStatus terminate(std::chrono::milliseconds grace = std::chrono::seconds(10));

 private:
  bool reap(int flags);

  pid_t pid_ = 0;
  std::optional<ExitStatus> ended_;
};

struct Finished {
  ExitStatus status;
  std::string output;  // stdout and stderr, at most 4 MiB of it
};

// Runs a program to its end. Throws std::runtime_error when it cannot be started or runs longer than `deadline` (it is killed then).
// `output` and `standard_output` of `options` are not used.
Finished run(const ChildOptions& options, std::chrono::milliseconds deadline);

// For programs that start processes of their own (a coordinator and its pods): orphans below this process become its children, and all
// of them are killed on destruction. One at a time in a process. Kills every descendant, so it must be the last to go.
class ProcessTree {
 public:
  ProcessTree();
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  // Every living descendant of this process, children before grandchildren; zombies are not counted.
  static std::vector<pid_t> descendants();
  // Kills them all and waits for the ends. RETURNS how many there were.
  static int kill_all();
};

}  // namespace shardkeeper::test
