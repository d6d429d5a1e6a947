// Notices that files in the volume's folder changed.
#pragma once

#include "common/time/scheduler.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>

namespace shardkeeper::agent {

// Calls `look` on the loop soon after one of the gate's files was written or removed, and every `look_every` in any case: a lost event must
// not keep a gate shut. Where the kernel gives no inotify instance (their number is limited for each user), every 20 ms instead.
// THREAD the loop's. No call comes after destruction. REQUIRES `loop` and `scheduler` outlive it.
class PodVolumeWatch {
 public:
  PodVolumeWatch(boost::asio::io_context& loop, Scheduler& scheduler, const std::filesystem::path& volume, Duration look_every,
                 std::function<void()> look);
  ~PodVolumeWatch() { *alive_ = false; }
  PodVolumeWatch(const PodVolumeWatch&) = delete;
  PodVolumeWatch& operator=(const PodVolumeWatch&) = delete;

 private:
  void wait_for_events();
  void wait_for_tick();
  bool concerns_gate(std::size_t bytes) const;

  Scheduler& scheduler_;
  const Duration look_every_;
  std::function<void()> look_;
  boost::asio::posix::stream_descriptor events_;
  std::unique_ptr<Timer> tick_;
  std::shared_ptr<bool> alive_;  // shared with the read that is under way
  alignas(8) std::array<char, 4096> buffer_{};
};

}  // namespace shardkeeper::agent
