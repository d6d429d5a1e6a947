// Time and deferred work behind one interface, so that the simulator can own both.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace shardkeeper {

using Duration = std::chrono::microseconds;

// Monotonic time since an arbitrary start; never compared between processes.
struct TimePoint {
  Duration since_start{0};

  auto operator<=>(const TimePoint&) const = default;
};

inline TimePoint operator+(TimePoint t, Duration d) { return {t.since_start + d}; }
inline TimePoint operator-(TimePoint t, Duration d) { return {t.since_start - d}; }
inline Duration operator-(TimePoint a, TimePoint b) { return a.since_start - b.since_start; }

// Cancels on destruction. Holding it is what keeps the timer alive.
class Timer {
 public:
  virtual ~Timer() = default;
};

// One thread's event loop as seen by code that must also run under simulated time.
// THREAD all functions on the loop's own thread, but post(), which any thread may call.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  virtual TimePoint now() const = 0;

  // Wall clock, for people only (events, logs); never for decisions. Milliseconds since 1970.
  virtual std::int64_t unix_ms() const = 0;

  // Runs `work` on the loop after everything that is queued now.
  virtual void post(std::function<void()> work) = 0;

  // Runs `work` once after `delay` unless the timer is destroyed before.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) = 0;
};

}  // namespace shardkeeper
