// Simulated time: it stands still while work runs, and jumps to the next timer. Equal times run in the order they were asked for.
#pragma once

#include "common/time/scheduler.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace shardkeeper::sim {

class SimScheduler final : public Scheduler {
 public:
  TimePoint now() const override { return now_; }
  std::int64_t unix_ms() const override { return now_.since_start.count() / 1'000; }
  void post(std::function<void()> work) override { later(Duration(0), std::move(work)); }

  std::unique_ptr<Timer> after(Duration delay, std::function<void()> work) override {
    const Key key{now_ + delay, next_++};
    queue_->emplace(key, std::move(work));
    return std::make_unique<Handle>(queue_, key);
  }

  // Cannot be taken back.
  void later(Duration delay, std::function<void()> work) { queue_->emplace(Key{now_ + delay, next_++}, std::move(work)); }

  void run_until(TimePoint end) {
    while (!queue_->empty() && queue_->begin()->first.first <= end) {
      const auto first = queue_->extract(queue_->begin());
      now_ = std::max(now_, first.key().first);
      first.mapped()();
    }
    now_ = end;
  }

 private:
  using Key = std::pair<TimePoint, std::uint64_t>;
  using Queue = std::map<Key, std::function<void()>>;

  class Handle final : public Timer {
   public:
    Handle(const std::shared_ptr<Queue>& queue, Key key) : queue_(queue), key_(key) {}
    ~Handle() override {
      const auto queue = queue_.lock();
      const auto found = queue ? queue->find(key_) : Queue::iterator();
      if (queue && found != queue->end()) queue->erase(found);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

   private:
    std::weak_ptr<Queue> queue_;
    Key key_;
  };

  TimePoint now_{std::chrono::seconds(1'000)};
  std::uint64_t next_ = 0;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();  // watched by timers, which may outlive this
};

}  // namespace shardkeeper::sim
