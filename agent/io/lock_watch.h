// The kernel's word on whether the server lives: the record lock that `launch` took and the server holds until it ends.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

namespace shardkeeper::agent {

// A thread of its own waits inside the kernel (F_SETLKW for a read lock), so a death is known within a millisecond or two and nothing is
// polled. That the lock was *taken* raises no event in the kernel: ask is_held() when the gate's files change; that also puts the thread to
// wait.
//
// Invariants: the thread's own read lock lasts for an instant only; nothing in this process closes another descriptor of the file while the
// thread holds it; only the kind of a foreign lock counts, never a pid (from another PID namespace it is 0).
// THREAD everything on the loop's thread. The signal SIGRTMIN + 5 is used to end the thread, with a handler that does nothing.
class LockWatch {
 public:
  // `on_free` is called on the loop when a lock that was seen held has become free; not after destruction.
  // REQUIRES `scheduler` outlives it. ERRORS kUnavailable: the file is missing or cannot be opened.
  static Result<std::unique_ptr<LockWatch>> open(const std::filesystem::path& lock, Scheduler& scheduler, std::function<void()> on_free);

  // Ends the thread, also while the lock is held.
  ~LockWatch();
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;

  // Asks the kernel now. While the lock is held, on_free is armed.
  bool is_held();

 private:
  LockWatch(int lock, int wake, Scheduler& scheduler, std::function<void()> on_free);
  void run();
  bool wait_to_be_armed() const;
  bool wait_until_free() const;
  void freed();

  const int lock_;
  const int wake_;  // eventfd: arms the thread
  Scheduler& scheduler_;
  std::function<void()> on_free_;
  bool armed_ = false;           // the thread waits for the lock, or its word is on the way
  std::shared_ptr<bool> alive_;  // shared with words on the way to the loop
  std::atomic<bool> ending_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace shardkeeper::agent
