// A real event loop that a test turns by hand: the test's thread is the loop's thread.
#pragma once

#include "common/net/asio_scheduler.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace shardkeeper::rpc::test {

class TestLoop {
 public:
  Scheduler& scheduler() { return scheduler_; }

  // Runs what comes until `condition` holds. RETURNS false when `deadline` has passed without that.
  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      context_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  // Runs what comes for so long: to see that something does not happen.
  void run_for(std::chrono::milliseconds time) {
    static_cast<void>(run_until([] { return false; }, time));
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  AsioScheduler scheduler_{context_};
};

}  // namespace shardkeeper::rpc::test
