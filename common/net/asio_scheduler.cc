#include "common/net/asio_scheduler.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace shardkeeper {
namespace {

class AsioTimer final : public Timer {
 public:
  AsioTimer(boost::asio::io_context& loop, Duration delay, std::function<void()> work)
      : alive_(std::make_shared<bool>(true)), timer_(loop, delay) {
    // A cancelled wait may already be queued as expired; `alive_` is what decides.
    timer_.async_wait([alive = alive_, work = std::move(work)](const boost::system::error_code& error) {
      if (!error && *alive) work();
    });
  }
  ~AsioTimer() override { *alive_ = false; }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;

 private:
  std::shared_ptr<bool> alive_;  // shared by the timer and its queued completion
  boost::asio::steady_timer timer_;
};

}  // namespace

TimePoint AsioScheduler::now() const { return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())}; }

std::int64_t AsioScheduler::unix_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void AsioScheduler::post(std::function<void()> work) { boost::asio::post(loop_, std::move(work)); }

std::unique_ptr<Timer> AsioScheduler::after(Duration delay, std::function<void()> work) {
  return std::make_unique<AsioTimer>(loop_, delay, std::move(work));
}

}  // namespace shardkeeper
