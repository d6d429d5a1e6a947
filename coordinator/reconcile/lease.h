// One coordinator at a time: what the coordinator asks of a lease, whether it is a file's lock or a Kubernetes Lease.
#pragma once

#include "common/error/result.h"
#include "common/types/epoch.h"

#include <cstdint>
#include <functional>
#include <string>

namespace shardkeeper::reconcile {

// Who holds the lease, or held it last.
struct LeaseHolder {
  std::string name;               // differs for every process start
  int pid = 0;                    // 0: on another machine
  std::uint64_t transitions = 0;  // how often the lease was taken

  bool operator==(const LeaseHolder&) const = default;
};

// THREAD the loop's thread. Callbacks never run before the function that they were given to returns; the lease may be destroyed
// inside them.
class Lease {
 public:
  virtual ~Lease() = default;

  struct Callbacks {
    std::function<void(const LeaseHolder&)> waiting;  // somebody else holds it; called again when the holder changes
    std::function<void(FenceToken)> acquired;         // once
    std::function<void(FenceToken)> raised;           // while held: this count from now on (raise_above, or the lease was made anew)
    std::function<void(const Error&)> failed;         // it cannot be asked; tried again; called once per different error
    std::function<void(const Error&)> lost;           // once, after acquired: stop acting at once; nothing is called afterwards
  };

  // Waits until nobody holds it, then keeps it. Call once.
  virtual void start(Callbacks callbacks) = 0;
  // Raises the count above `seen`, a token that an agent reported: the lease may have been deleted, and counting begun anew.
  // ERRORS kConflict: it is not held (any more); others: tried, and may be tried again.
  virtual void raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) = 0;
  // May this process act now? ERRORS kConflict: no, with the reason.
  virtual Result<void> check() const = 0;
  // Gives it back, so that the next one need not wait; `done` is called in any case, within a few seconds.
  virtual void release(std::function<void()> done) = 0;
};

}  // namespace shardkeeper::reconcile
