// The coordinator's lease on Kubernetes: the machine of lease_machine.h with an Api and a clock.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/lease_machine.h"
#include "coordinator/reconcile/lease.h"

#include <memory>
#include <string>

namespace shardkeeper::platform::kube {

// REQUIRES api and scheduler outlive it.
class KubeLease final : public reconcile::Lease {
 public:
  KubeLease(Api& api, Scheduler& scheduler, ObjectName lease, std::string holder, LeaseTimes times = {});
  ~KubeLease() override;  // does not release
  KubeLease(const KubeLease&) = delete;
  KubeLease& operator=(const KubeLease&) = delete;

  void start(Callbacks callbacks) override;
  void raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) override;
  Result<void> check() const override;
  void release(std::function<void()> done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks under way, which find it stopped
};

}  // namespace shardkeeper::platform::kube
