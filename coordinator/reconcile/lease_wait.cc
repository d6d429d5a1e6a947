#include "coordinator/reconcile/lease_wait.h"

namespace shardkeeper::reconcile {

LeaseWait::LeaseWait(Scheduler& scheduler, LeaseFile& lease, Callbacks callbacks)
    : scheduler_(scheduler),
      lease_(lease),
      callbacks_(std::move(callbacks)),
      timer_(scheduler_.after(Duration{0}, [this] { try_now(); })) {}

void LeaseWait::try_now() {
  const auto token = lease_.try_acquire();
  if (token) {
    timer_.reset();
    // A copy: the callback may destroy this object.
    const auto acquired = callbacks_.acquired;
    return acquired(*token);
  }
  timer_ = scheduler_.after(kTryInterval, [this] { try_now(); });
  if (token.error().kind == ErrorKind::kRefused) {
    told_error_.reset();
    const auto holder = lease_.holder().value_or(LeaseHolder{});
    if (told_holder_ == holder) return;
    told_holder_ = holder;
    const auto waiting = callbacks_.waiting;
    return waiting(holder);
  }
  if (told_error_ == token.error()) return;
  told_error_ = token.error();
  const auto failed = callbacks_.failed;
  failed(token.error());
}

}  // namespace shardkeeper::reconcile
