// Waiting for the lease on the loop: a second coordinator stands by and takes over when the first ends.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/reconcile/lease_file.h"

#include <functional>
#include <memory>
#include <optional>

namespace shardkeeper::reconcile {

// THREAD the loop's thread; so are the callbacks. Destroying it ends the waiting, not the lease.
class LeaseWait {
 public:
  // 50 ms: a take-over costs less than one node timeout of 500 ms; one try is two system calls.
  static constexpr Duration kTryInterval = std::chrono::milliseconds(50);

  struct Callbacks {
    std::function<void(const LeaseHolder&)> waiting;  // somebody else holds it; called again when the holder changes
    std::function<void(FenceToken)> acquired;         // once; nothing is called afterwards
    std::function<void(const Error&)> failed;         // the file cannot be used; tried again; called once per different error
  };

  // Tries at once (before the constructor returns nothing is called) and then every kTryInterval. REQUIRES both outlive it.
  LeaseWait(Scheduler& scheduler, LeaseFile& lease, Callbacks callbacks);

 private:
  void try_now();

  Scheduler& scheduler_;
  LeaseFile& lease_;
  Callbacks callbacks_;
  std::optional<LeaseHolder> told_holder_;
  std::optional<Error> told_error_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::reconcile
