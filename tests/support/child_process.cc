#include "tests/support/child_process.h"

#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

extern char** environ;

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOutputMax = 4 << 20;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// In the child, between fork and exec: only async-signal-safe calls, because other threads may hold any lock.
void redirect(const char* path, int to_a, int to_b) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (file < 0) return;
  if (to_a >= 0) ::dup2(file, to_a);
  if (to_b >= 0) ::dup2(file, to_b);
  if (file > 2) ::close(file);
}

struct Prepared {
  std::vector<std::string> arguments, environment;
  std::vector<char*> argument_pointers, environment_pointers;
  std::string program, folder, output, standard_output;
};

Prepared prepare(const ChildOptions& options) {
  Prepared prepared;
  prepared.program = options.program.string();
  prepared.folder = options.working_folder.string();
  prepared.output = options.output.empty() ? "/dev/null" : options.output.string();
  prepared.standard_output = options.standard_output.string();
  prepared.arguments = {prepared.program};
  prepared.arguments.insert(prepared.arguments.end(), options.arguments.begin(), options.arguments.end());
  prepared.environment = options.environment;  // getenv finds the first of two equal names
  for (char** entry = environ; *entry != nullptr; ++entry) prepared.environment.emplace_back(*entry);
  prepared.argument_pointers = pointers(prepared.arguments);
  prepared.environment_pointers = pointers(prepared.environment);
  return prepared;
}

[[noreturn]] void become(Prepared& prepared, pid_t parent, int error_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);  // the parent died before the line above
  ::setpgid(0, 0);                          // Ctrl-C on the test must not race with our own clean-up
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  redirect("/dev/null", 0, -1);
  redirect(prepared.output.c_str(), 1, 2);
  if (!prepared.standard_output.empty()) redirect(prepared.standard_output.c_str(), 1, -1);
  if (prepared.folder.empty() || ::chdir(prepared.folder.c_str()) == 0)
    ::execve(prepared.program.c_str(), prepared.argument_pointers.data(), prepared.environment_pointers.data());
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(error_pipe, &error, sizeof(error));
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) {
  Prepared prepared = prepare(options);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2: " + std::string(std::strerror(errno)));
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(prepared, parent, pipe_ends[1]);
  ::close(pipe_ends[1]);
  int error = 0;
  const bool failed = pid_ < 0 || ::read(pipe_ends[0], &error, sizeof(error)) == sizeof(error);
  ::close(pipe_ends[0]);
  if (pid_ < 0) throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
  if (!failed) return;
  kill();
  throw std::runtime_error(prepared.program + ": cannot be started: " + std::strerror(error));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), ended_(std::exchange(other.ended_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill();
  pid_ = std::exchange(other.pid_, 0);
  ended_ = std::exchange(other.ended_, std::nullopt);
  return *this;
}

// RETURNS true when no process is left.
bool ChildProcess::reap(int flags) {
  if (pid_ == 0) return true;
  int status = 0;
  pid_t result;
  do result = ::waitpid(pid_, &status, flags);
  while (result < 0 && errno == EINTR);
  if (result == 0) return false;
  pid_ = 0;
  ended_ = result > 0 && WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)} : ExitStatus{result > 0 ? WEXITSTATUS(status) : 0, 0};
  return true;
}

bool ChildProcess::is_running() { return !reap(WNOHANG); }

void ChildProcess::signal(int number) {
  if (is_running()) ::kill(pid_, number);
}

void ChildProcess::kill() {
  signal(SIGKILL);
  reap(0);
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::milliseconds deadline) {
  if (!wait_until([this] { return reap(WNOHANG); }, deadline, 2ms)) return std::nullopt;
  return ended_;
}

ExitStatus ChildProcess::terminate(std::chrono::milliseconds grace) {
  signal(SIGTERM);
  if (!wait(grace)) kill();
  return ended_.value_or(ExitStatus{});
}

Finished run(const ChildOptions& options, std::chrono::milliseconds deadline) {
  const TempDir folder;
  ChildOptions mine = options;
  mine.output = folder / "output";
  mine.standard_output.clear();
  ChildProcess child(mine);
  const auto status = child.wait(deadline);
  std::string output = read_file(mine.output).substr(0, kOutputMax);
  if (!status)
    throw std::runtime_error(options.program.string() + ": still running after " + std::to_string(deadline.count()) +
                             " ms; it said: " + output);
  return {*status, std::move(output)};
}

}  // namespace shardkeeper::test
