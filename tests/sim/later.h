// Work at a later time that cannot be taken back.
#pragma once

#include "common/time/scheduler.h"

#include <functional>
#include <memory>
#include <utility>

namespace shardkeeper::sim {

inline void later(Scheduler& scheduler, Duration delay, std::function<void()> work) {
  const auto timer = std::make_shared<std::unique_ptr<Timer>>();  // held by its own work
  *timer = scheduler.after(delay, [timer, work = std::move(work)] {
    const auto spent = std::move(*timer);
    work();
  });
}

}  // namespace shardkeeper::sim
