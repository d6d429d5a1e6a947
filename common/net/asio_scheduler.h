// The production Scheduler: an Asio event loop.
#pragma once

#include "common/time/scheduler.h"

#include <boost/asio/io_context.hpp>

namespace shardkeeper {

// THREAD now, unix_ms and post from anywhere; after on the loop's thread. REQUIRES `loop` outlives it and every timer.
class AsioScheduler final : public Scheduler {
 public:
  explicit AsioScheduler(boost::asio::io_context& loop) : loop_(loop) {}

  TimePoint now() const override;
  std::int64_t unix_ms() const override;
  void post(std::function<void()> work) override;
  std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override;

 private:
  boost::asio::io_context& loop_;
};

}  // namespace shardkeeper
