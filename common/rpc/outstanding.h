// The calls that gRPC's threads still work for. Inside common/rpc only.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace shardkeeper::rpc {

// Keeps each call, and with it its channel, until the loop itself lets go of it: the last channel of a process ends gRPC's
// threads and waits for them, so one that is destroyed on such a thread waits for itself and frees twice (gRPC 1.51).
// A client that ends has cancelled all of its calls and waits for none: then no thread of gRPC runs its code any more.
class Outstanding {
 public:
  // RETURNS what to forget it by. THREAD the loop's.
  std::uint64_t began(std::shared_ptr<void> call) {
    count_.fetch_add(1);
    calls_.emplace(++last_, std::move(call));
    return last_;
  }
  // gRPC is done with one; the last thing that its thread does. THREAD any.
  void ended() {
    if (count_.fetch_sub(1) == 1) count_.notify_all();
  }
  // Its answer was heard. Does nothing for a call that is not kept any more. THREAD the loop's.
  void forget(std::uint64_t id) { calls_.erase(id); }
  // THREAD the loop's.
  void wait_for_none() {
    for (int count = count_.load(); count != 0; count = count_.load()) count_.wait(count);
    calls_.clear();
  }

 private:
  std::atomic<int> count_{0};
  std::map<std::uint64_t, std::shared_ptr<void>> calls_;  // loop only
  std::uint64_t last_ = 0;                                // loop only
};

}  // namespace shardkeeper::rpc
