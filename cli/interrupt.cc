#include "cli/interrupt.h"

#include <csignal>
#include <utility>

#include <pthread.h>
#include <signal.h>

namespace shardkeeper::cli {
namespace {

constexpr int kEnd = SIGUSR1;  // from the destructor to the waiter

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

sigset_t interrupts() { return set_of({SIGINT, SIGTERM, SIGHUP}); }

void wait(const std::function<void()>& on_interrupt) {
  const sigset_t awaited = set_of({SIGINT, SIGTERM, SIGHUP, kEnd});
  int signal = 0;
  if (sigwait(&awaited, &signal) != 0 || signal == kEnd) return;
  const sigset_t released = interrupts();
  pthread_sigmask(SIG_UNBLOCK, &released, nullptr);
  on_interrupt();
  const sigset_t end = set_of({kEnd});
  sigwait(&end, &signal);
}

}  // namespace

void hold_interrupts() {
  const sigset_t held = set_of({SIGINT, SIGTERM, SIGHUP, kEnd});
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

InterruptsReleased::InterruptsReleased() {
  const sigset_t released = interrupts();
  pthread_sigmask(SIG_UNBLOCK, &released, &before_);
}

InterruptsReleased::~InterruptsReleased() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

Interrupt::Interrupt(std::function<void()> on_interrupt) : waiter_([work = std::move(on_interrupt)] { wait(work); }) {}

Interrupt::~Interrupt() {
  pthread_kill(waiter_.native_handle(), kEnd);
  waiter_.join();
}

}  // namespace shardkeeper::cli
