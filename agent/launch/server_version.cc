#include "agent/launch/server_version.h"

#include "agent/launch/clock.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shardkeeper::launch {
namespace {

constexpr int kAnswerTimeMs = 5000;
constexpr char kGreeting[] = "Valkey server v=";

struct Child {
  pid_t pid = -1;
  int output = -1;
  int exec_errno = 0;  // why it could not be executed
};

[[noreturn]] void run_in_child(const char* server, int output, int errno_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a hanging binary must not outlive us
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  char version_flag[] = "--version";
  char* const arguments[] = {const_cast<char*>(server), version_flag, nullptr};
  execvp(server, arguments);
  const int reason = errno;
  if (write(errno_pipe, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

// Both pipes close on exec, so an empty errno pipe says that the binary runs.
Child start(const Volume& volume, const char* server) {
  int output[2], errno_pipe[2];
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errno_pipe, O_CLOEXEC) != 0)
    volume.fail(kServerTrouble, "cannot make a pipe: %s", describe(errno));
  Child child;
  child.pid = fork();
  if (child.pid < 0) volume.fail(kServerTrouble, "cannot fork: %s", describe(errno));
  if (child.pid == 0) run_in_child(server, output[1], errno_pipe[1]);
  close(output[1]);
  close(errno_pipe[1]);
  int reason = 0;
  if (read(errno_pipe[0], &reason, sizeof reason) == static_cast<ssize_t>(sizeof reason)) child.exec_errno = reason;
  close(errno_pipe[0]);
  child.output = output[0];
  return child;
}

// RETURNS false when the time was over first.
bool read_until_end(int output, SmallText& answer, long long deadline) {
  size_t size = 0;
  while (size < sizeof answer.text - 1) {
    struct pollfd waiting = {output, POLLIN, 0};
    const long long left = deadline - now_ms();
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t got = read(output, answer.text + size, sizeof answer.text - 1 - size);
    if (got == 0) break;
    if (got > 0) size += static_cast<size_t>(got);
    if (got < 0 && errno != EINTR) break;
  }
  answer.text[size] = '\0';
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "8.0.1" out of "… v=8.0.1 sha=…": three numbers of one to four digits each; false for anything else.
bool copy_version(const char* from, VersionText& version) {
  size_t length = 0;
  for (int part = 0; part < 3; ++part) {
    int digits = 0;
    for (; is_digit(*from) && digits < 4; ++digits) version.text[length++] = *from++;
    if (digits == 0) return false;
    if (part < 2 && *from++ != '.') return false;
    if (part < 2) version.text[length++] = '.';
  }
  version.text[length] = '\0';
  return !is_digit(*from) && *from != '.';
}

}  // namespace

VersionText server_version(const Volume& volume, const char* server) {
  const long long deadline = now_ms() + kAnswerTimeMs;
  const Child child = start(volume, server);
  if (child.exec_errno != 0) {
    waitpid(child.pid, nullptr, 0);
    volume.fail(kServerTrouble, "cannot execute the server %s: %s", server, describe(child.exec_errno));
  }
  SmallText answer;
  const bool in_time = read_until_end(child.output, answer, deadline);
  // It has said all that we read; a process that lingers is of no use.
  kill(child.pid, SIGKILL);
  waitpid(child.pid, nullptr, 0);
  close(child.output);
  if (!in_time) volume.fail(kServerTrouble, "%s --version did not end within %d s", server, kAnswerTimeMs / 1000);

  VersionText version;
  const char* const line = strstr(answer.text, kGreeting);
  if (line != nullptr && copy_version(line + sizeof kGreeting - 1, version)) return version;
  const int shown = answer.first_line_length();
  volume.fail(kServerTrouble, "%s is not a Valkey server: its --version says \"%.*s\"", server, shown < 0 || shown > 200 ? 200 : shown,
              answer.text);
}

}  // namespace shardkeeper::launch
