#include "agent/io/pod_volume_watch.h"

#include "agent/io/volume_layout.h"
#include "common/log/log.h"

#include <boost/asio/buffer.hpp>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include <sys/inotify.h>
#include <unistd.h>

namespace shardkeeper::agent {
namespace {

constexpr Duration kLookWithoutEvents = std::chrono::milliseconds(20);

// RETURNS -1 when there is none to be had.
int watch_folder(const std::filesystem::path& folder) {
  const int events = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (events >= 0 && ::inotify_add_watch(events, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE) >= 0) return events;
  log::warn("cannot watch the volume's folder; looking every 20 ms instead",
            {{"folder", folder.string()}, {"reason", std::generic_category().message(errno)}});
  if (events >= 0) ::close(events);
  return -1;
}

bool is_gate_file(std::string_view name) { return name == layout::kRequest || name == layout::kGrant || name == layout::kLaunchError; }

}  // namespace

PodVolumeWatch::PodVolumeWatch(boost::asio::io_context& loop, Scheduler& scheduler, const std::filesystem::path& volume,
                               Duration look_every, std::function<void()> look)
    : scheduler_(scheduler), look_every_(look_every), look_(std::move(look)), events_(loop), alive_(std::make_shared<bool>(true)) {
  if (const int events = watch_folder(volume); events >= 0) {
    events_.assign(events);
    wait_for_events();
  }
  wait_for_tick();
}

void PodVolumeWatch::wait_for_events() {
  events_.async_read_some(boost::asio::buffer(buffer_), [this, alive = alive_](const boost::system::error_code& error, std::size_t bytes) {
    if (!*alive || error == boost::asio::error::operation_aborted) return;
    if (error) {
      events_.close();
      wait_for_tick();  // faster from now on
      return;
    }
    const bool look = concerns_gate(bytes);
    wait_for_events();
    if (look) look_();
  });
}

void PodVolumeWatch::wait_for_tick() {
  tick_ = scheduler_.after(events_.is_open() ? look_every_ : kLookWithoutEvents, [this] {
    wait_for_tick();
    look_();
  });
}

bool PodVolumeWatch::concerns_gate(std::size_t bytes) const {
  std::size_t at = 0;
  while (at + sizeof(inotify_event) <= bytes) {
    inotify_event event;
    std::memcpy(&event, buffer_.data() + at, sizeof event);
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
    if (event.len > 0 && is_gate_file(buffer_.data() + at + sizeof event)) return true;
    at += sizeof event + event.len;
  }
  return false;
}

}  // namespace shardkeeper::agent
