// A Scheduler whose time stands still until a test moves it.
#pragma once

#include "common/time/scheduler.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace shardkeeper::test {

class FakeScheduler final : public Scheduler {
 public:
  TimePoint now() const override { return now_; }
  std::int64_t unix_ms() const override { return now_.since_start.count() / 1'000; }
  void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }

  std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override {
    const Key key{now_ + delay, next_++};
    timers_->emplace(key, std::move(work));
    return std::make_unique<FakeTimer>(timers_, key);
  }

  // Runs what was posted, and what that posts, at the present time.
  void run_posted() {
    while (!posted_.empty()) {
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  // Moves time on by `duration`, running timers and posted work in order.
  void run_for(Duration duration) {
    const TimePoint end = now_ + duration;
    run_posted();
    while (!timers_->empty() && timers_->begin()->first.first <= end) {
      auto first = timers_->extract(timers_->begin());
      now_ = std::max(now_, first.key().first);
      first.mapped()();
      run_posted();
    }
    now_ = end;
  }

 private:
  using Key = std::pair<TimePoint, int>;
  using Timers = std::map<Key, std::function<void()>>;

  class FakeTimer final : public Timer {
   public:
    FakeTimer(std::shared_ptr<Timers> timers, Key key) : timers_(std::move(timers)), key_(key) {}
    ~FakeTimer() override { timers_->erase(key_); }
    FakeTimer(const FakeTimer&) = delete;
    FakeTimer& operator=(const FakeTimer&) = delete;

   private:
    std::shared_ptr<Timers> timers_;  // shared with the scheduler, which may go first
    Key key_;
  };

  TimePoint now_{std::chrono::seconds(1'000)};
  int next_ = 0;
  std::deque<std::function<void()>> posted_;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
};

}  // namespace shardkeeper::test
