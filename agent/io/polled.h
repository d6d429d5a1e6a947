// Something small that is read again and again: platforms swap files by symbolic links that no notification covers.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace shardkeeper::agent {

// Reads at once, and then at every `period`; `changed` hears what differs from the time before, from inside the constructor, too.
// THREAD the loop's. REQUIRES the scheduler outlives it.
template <typename Value>
class Polled {
 public:
  Polled(Scheduler& scheduler, Duration period, std::function<Result<Value>()> read, std::function<void(const Result<Value>&)> changed)
      : scheduler_(scheduler), period_(period), read_(std::move(read)), changed_(std::move(changed)) {
    look();
  }

 private:
  void look() {
    timer_ = scheduler_.after(period_, [this] { look(); });
    auto now = read_();
    if (seen_ == now) return;
    seen_ = std::move(now);
    changed_(*seen_);
  }

  Scheduler& scheduler_;
  const Duration period_;
  const std::function<Result<Value>()> read_;
  const std::function<void(const Result<Value>&)> changed_;
  std::optional<Result<Value>> seen_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::agent
