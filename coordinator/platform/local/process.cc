#include "coordinator/platform/local/process.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "coordinator/platform/local/pidfd.h"

#include <fcntl.h>
#include <spawn.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace shardkeeper::platform::local {
namespace {

constexpr off_t kLogBytesMax = 10 << 20;
constexpr int kFirstForeignDescriptor = 3;

void cut_when_long(const std::filesystem::path& log) {
  struct stat found {};
  if (::stat(log.c_str(), &found) == 0 && found.st_size > kLogBytesMax && ::truncate(log.c_str(), 0) != 0) return;  // stays long
}

// What posix_spawn does in the child. It needs no fork of this process with its threads and memory, and a failed exec is its result.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  explicit SpawnPlan(const Command& command) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    // Asio's and gRPC's sockets: an agent that inherits admin.sock would keep it open after us. Closing what is not open is no error.
    for (int descriptor = kFirstForeignDescriptor; descriptor < command.held_until_exec; ++descriptor)
      ::posix_spawn_file_actions_addclose(&actions, descriptor);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, std::max(kFirstForeignDescriptor, command.held_until_exec + 1));
    ::posix_spawn_file_actions_addchdir_np(&actions, command.working_folder.c_str());
    // A session of its own: Ctrl-C in our terminal is for us. Default signals: gRPC ignores SIGPIPE, and exec would keep that.
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

// As exec wants them: each to be written, closed by a null. REQUIRES `texts` outlives the result unchanged.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const Command& command) {
  std::vector<std::string> words{command.program.string()};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto variables = command.environment;  // the first of two equal names counts
  for (char** own = environ; *own != nullptr; ++own) variables.emplace_back(*own);
  auto argument_pointers = pointers_to(words);
  auto variable_pointers = pointers_to(variables);
  const SpawnPlan plan(command);
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, command.program.c_str(), &plan.actions, &plan.attributes, argument_pointers.data(), variable_pointers.data());
  if (failed != 0) return unavailable(command.program.string(), std::string("cannot be started: ") + std::strerror(failed));
  return pid;
}

}  // namespace

std::string to_string(const ProcessEnd& end) {
  if (end.signal) return "signal " + std::to_string(*end.signal);
  if (end.code) return "exit code " + std::to_string(*end.code);
  return "end unknown";
}

Process::Process(boost::asio::io_context& loop, ProcessId id, int descriptor, Ended ended)
    : watch_(std::make_shared<Watch>(Watch{std::move(id), boost::asio::posix::stream_descriptor(loop, descriptor), std::move(ended)})) {
  watch_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                [watch = watch_](const boost::system::error_code& failed) {
                                  if (failed) return;
                                  const auto end = collect(*watch);
                                  const auto ended = std::move(watch->ended);  // survives the Process, which the callback may destroy
                                  if (ended) ended(end);
                                });
}

Process::~Process() { watch_->ended = nullptr; }

Result<std::unique_ptr<Process>> Process::start(boost::asio::io_context& loop, const Command& command, Ended ended) {
  cut_when_long(command.log);
  const auto pid = spawn(command);
  if (!pid) return pid.error();
  // The number is safe until we collect our child's end, however soon it ends; an ended one has no identity left, so 0 ticks will do.
  const int descriptor = ::pidfd_open(*pid, 0);
  if (descriptor == -1) {
    const std::string reason = std::strerror(errno);
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return unavailable(command.program.string(), "cannot be watched: " + reason);
  }
  auto id = identify(*pid).value_or(ProcessId{*pid, 0, ""});
  return std::unique_ptr<Process>(new Process(loop, std::move(id), descriptor, std::move(ended)));
}

std::unique_ptr<Process> Process::adopt(boost::asio::io_context& loop, const ProcessId& id, Ended ended) {
  const int descriptor = ::pidfd_open(id.pid, 0);
  if (descriptor == -1) return nullptr;
  if (identify(id.pid) != id) {
    ::close(descriptor);
    return nullptr;
  }
  return std::unique_ptr<Process>(new Process(loop, id, descriptor, std::move(ended)));
}

void Process::signal(int number) { ::pidfd_send_signal(watch_->descriptor.native_handle(), number, nullptr, 0); }

void Process::signal_group(int number) {
  // There is no descriptor of a group; while its leader has not been collected, its number means it.
  if (::pidfd_send_signal(watch_->descriptor.native_handle(), 0, nullptr, 0) == 0) ::kill(-watch_->id.pid, number);
}

ProcessEnd Process::collect(Watch& watch) {
  const auto descriptor = static_cast<id_t>(watch.descriptor.native_handle());
  siginfo_t info{};
  if (::waitid(P_PIDFD, descriptor, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return {};
  // Our child's zombie still holds the number: what it forked goes with it, as in a container.
  ::kill(-watch.id.pid, SIGKILL);
  ::waitid(P_PIDFD, descriptor, &info, WEXITED | WNOHANG);
  if (info.si_code == CLD_EXITED) return {info.si_status, std::nullopt};
  return {std::nullopt, info.si_status};
}

}  // namespace shardkeeper::platform::local
