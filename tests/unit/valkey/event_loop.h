// A loop for tests: runs until a condition holds, never sleeps.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace shardkeeper::test {

class EventLoop {
 public:
  boost::asio::io_context& context() { return context_; }

  // RETURNS false when `deadline` has passed before `condition` was true.
  template <typename Condition>
  [[nodiscard]] bool run_until(Condition&& condition, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      context_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  // Runs what is ready now, and what that makes ready. For showing that nothing more happens.
  void run_ready() {
    while (context_.poll() > 0) {}
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
};

}  // namespace shardkeeper::test
