// A process that holds a lock file, as a server does.
#pragma once

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shardkeeper::test {

// Holds the lock from the end of the constructor until kill or destruction. Throws when the lock cannot be had within a second.
class LockHolder {
 public:
  explicit LockHolder(const std::filesystem::path& lock) {
    int has_it[2];
    if (::pipe2(has_it, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) hold(lock.c_str(), has_it[1]);
    ::close(has_it[1]);
    char byte = 0;
    const bool held = ::read(has_it[0], &byte, 1) == 1;
    ::close(has_it[0]);
    if (held) return;
    kill();
    throw std::runtime_error("somebody else holds the lock");
  }
  ~LockHolder() { kill(); }
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;

  void stop() const { ::kill(pid_, SIGSTOP); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  // In the child of a program with threads: system calls only.
  [[noreturn]] static void hold(const char* lock, int has_it) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(60);
    const int fd = ::open(lock, O_RDWR);
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    for (int tries = 0; tries < 1000; ++tries) {  // the watcher may hold it for an instant
      if (::fcntl(fd, F_SETLK, &whole) == 0) {
        if (::write(has_it, "x", 1) == 1) ::close(has_it);
        for (;;) ::pause();
      }
      ::usleep(1000);  // tidy: a child after fork may only make system calls.
    }
    ::_exit(1);
  }

  pid_t pid_ = 0;
};

}  // namespace shardkeeper::test
