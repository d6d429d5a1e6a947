#include "agent/io/lock_watch.h"

#include "agent/io/volume_files.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace shardkeeper::agent {
namespace {

int interrupting_signal() { return SIGRTMIN + 5; }

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Without SA_RESTART, so that a blocked fcntl returns EINTR.
void install_handler() {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  ::sigaction(interrupting_signal(), &action, nullptr);
}

// Every other signal is the loop's business.
void accept_only_the_interrupting_signal() {
  sigset_t all;
  sigfillset(&all);
  sigdelset(&all, interrupting_signal());
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

Result<std::unique_ptr<LockWatch>> LockWatch::open(const std::filesystem::path& lock, Scheduler& scheduler, std::function<void()> on_free) {
  const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return file_error(lock, "cannot be opened (`shardkeeper-agent prepare` makes it)", errno);
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  if (wake < 0) {
    const int reason = errno;
    ::close(fd);
    return file_error(lock, "cannot be watched", reason);
  }
  install_handler();
  return std::unique_ptr<LockWatch>(new LockWatch(fd, wake, scheduler, std::move(on_free)));
}

LockWatch::LockWatch(int lock, int wake, Scheduler& scheduler, std::function<void()> on_free)
    : lock_(lock), wake_(wake), scheduler_(scheduler), on_free_(std::move(on_free)), alive_(std::make_shared<bool>(true)), thread_([this] {
        run();
      }) {}

LockWatch::~LockWatch() {
  *alive_ = false;
  ending_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t woken = ::write(wake_, &one, sizeof one);
  // A signal that comes just before the thread blocks is lost, so it is sent until the thread says that it is past blocking.
  while (!ended_) {
    pthread_kill(thread_.native_handle(), interrupting_signal());
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  thread_.join();
  ::close(wake_);
  ::close(lock_);
}

bool LockWatch::is_held() {
  struct flock lock = whole_file(F_RDLCK);
  const bool held = ::fcntl(lock_, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  if (held && !armed_) {
    armed_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t woken = ::write(wake_, &one, sizeof one);
  }
  return held;
}

void LockWatch::run() {
  accept_only_the_interrupting_signal();
  while (wait_to_be_armed() && wait_until_free())
    scheduler_.post([this, alive = alive_] {
      if (*alive) freed();
    });
  ended_ = true;
}

// RETURNS false when the thread shall end.
bool LockWatch::wait_to_be_armed() const {
  std::uint64_t count = 0;
  while (!ending_ && ::read(wake_, &count, sizeof count) < 0) {}
  return !ending_;
}

bool LockWatch::wait_until_free() const {
  while (!ending_) {
    struct flock lock = whole_file(F_RDLCK);
    if (::fcntl(lock_, F_SETLKW, &lock) == 0) {
      lock.l_type = F_UNLCK;
      ::fcntl(lock_, F_SETLK, &lock);
      return !ending_;
    }
    // Other than interrupted: the kernel is out of locks for now.
    if (errno != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

void LockWatch::freed() {
  armed_ = false;
  on_free_();
}

}  // namespace shardkeeper::agent
