// Ctrl-C as a function call, so that what has begun ends cleanly.
#pragma once

#include <functional>
#include <thread>

#include <signal.h>

namespace shardkeeper::cli {

// Holds SIGINT, SIGTERM and SIGHUP back from this thread and all it starts from now on. Call it before any library starts threads.
void hold_interrupts();

// Lets them end the process again, as long as it lives: while somebody is asked, Ctrl-C is an answer.
class InterruptsReleased {
 public:
  InterruptsReleased();
  ~InterruptsReleased();
  InterruptsReleased(const InterruptsReleased&) = delete;
  InterruptsReleased& operator=(const InterruptsReleased&) = delete;

 private:
  sigset_t before_;
};

// Waits for one of the held signals on a thread of its own and calls `on_interrupt` there, once. A second signal ends the
// process, in case that the clean end hangs. REQUIRES hold_interrupts was called.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> on_interrupt);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  std::thread waiter_;
};

}  // namespace shardkeeper::cli
