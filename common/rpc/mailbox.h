// How gRPC's threads hand work to the loop, and how that ends: without a mutex, and without waiting for a loop that waits for us.
#pragma once

#include "common/time/scheduler.h"

#include <atomic>
#include <functional>
#include <memory>

namespace shardkeeper::rpc {

// What post() has accepted is run on the loop, in order, at the latest inside close(); what it has refused is not. So after
// close() every event was either seen by the loop or is known by its poster to be its own business, and nothing touches the
// scheduler any more.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  // REQUIRES `scheduler` lives until close() has returned.
  static std::shared_ptr<Mailbox> make(Scheduler& scheduler) { return std::shared_ptr<Mailbox>(new Mailbox(scheduler)); }
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // RETURNS false when the mailbox is closed; `work` is destroyed then. THREAD any.
  bool post(std::function<void()> work);

  // Runs what waits, then refuses everything. Waits for posters that are just inside post() (microseconds). May be called from
  // work that runs in the mailbox. THREAD the loop's.
  void close();

 private:
  struct Item {
    std::function<void()> work;
    Item* next = nullptr;
  };

  explicit Mailbox(Scheduler& scheduler) : scheduler_(scheduler) {}
  bool push(Item* item);
  void drain();

  Scheduler& scheduler_;
  std::atomic<Item*> newest_{nullptr};  // a stack that posters push to; `closed_` once it is closed
  std::atomic<int> posting_{0};         // posters that may still touch the scheduler
  Item closed_;                         // its address is the mark
  Item* oldest_ = nullptr;              // loop only: taken from the stack, in order, not run yet
};

}  // namespace shardkeeper::rpc
