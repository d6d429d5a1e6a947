// Notices that the platform has replaced the agent's certificate.
#pragma once

#include "common/time/scheduler.h"
#include "common/tls/identity.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace shardkeeper::agent {

// Reads the files every kPoll: three small ones, and a platform swaps them by symbolic links that no notification covers. What is
// half-written, damaged or unreadable leaves the present identity in use.
// THREAD the loop's. REQUIRES the scheduler outlives it.
class IdentityWatch {
 public:
  static constexpr Duration kPoll = std::chrono::seconds(10);

  IdentityWatch(Scheduler& scheduler, std::filesystem::path folder, tls::Identity current,
                std::function<void(const tls::Identity&)> changed);

 private:
  void look();

  Scheduler& scheduler_;
  const std::filesystem::path folder_;
  tls::Identity current_;
  const std::function<void(const tls::Identity&)> changed_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::agent
