// The lease of coordinators on one machine: a lock on a file, as the coordinator sees leases.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/reconcile/lease.h"
#include "coordinator/reconcile/lease_file.h"
#include "coordinator/reconcile/lease_wait.h"

#include <filesystem>
#include <memory>
#include <string>

namespace shardkeeper::reconcile {

// REQUIRES the scheduler outlives it. Destroying it gives the lock back.
class FileLease final : public Lease {
 public:
  // How often a holder looks whether its file is still the one that others will open.
  static constexpr Duration kCheckInterval = std::chrono::milliseconds(500);

  FileLease(Scheduler& scheduler, std::filesystem::path file, std::string holder);

  void start(Callbacks callbacks) override;
  void raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) override;
  Result<void> check() const override { return file_.check(); }
  void release(std::function<void()> done) override;

 private:
  void has_acquired(FenceToken token);
  void look();

  Scheduler& scheduler_;
  LeaseFile file_;
  Callbacks callbacks_;
  std::unique_ptr<LeaseWait> wait_;
  std::unique_ptr<Timer> look_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted work, which must not outlive this
};

}  // namespace shardkeeper::reconcile
