#include "agent/migrate/server_pool.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

constexpr std::chrono::seconds kConnectWithin{3};
constexpr std::chrono::milliseconds kFewerAfter{200};
constexpr std::chrono::milliseconds kLookEvery{2};
constexpr std::chrono::seconds kKeepIdleFor{10};

}  // namespace

void ServerPool::release() {
  if (--holders_ > 0) return;
  close_later_ = scheduler_.after(kKeepIdleFor, [this] {
    if (holders_ == 0) ports_.clear();
  });
}

void ServerPool::want(std::size_t count, std::function<void(Result<void>)> then) {
  count = open_ ? std::clamp<std::size_t>(count, 1, kPortsMax) : 1;
  while (open_ && ports_.size() < count) ports_.push_back(open_());
  waiters_.push_back({count, scheduler_.now(), std::move(then)});
  scheduler_.post([this, alive = alive_.watch()] {
    if (!alive.expired()) look();
  });
}

std::size_t ServerPool::standing() const {
  if (!open_) return shared_.is_connected() ? 1 : 0;
  return static_cast<std::size_t>(std::ranges::count_if(ports_, [](const auto& port) { return port->is_connected(); }));
}

std::uint64_t ServerPool::calls_made() const {
  std::uint64_t calls = shared_.calls_made();
  for (const auto& port : ports_) calls += port->calls_made();
  return calls;
}

std::size_t ServerPool::size() const { return std::max<std::size_t>(1, standing()); }

valkey::ServerPort& ServerPool::port(std::size_t index) {
  if (!open_) return shared_;
  for (const auto& port : ports_)
    if (port->is_connected() && index-- == 0) return *port;
  return *ports_.front();
}

bool ServerPool::is_over(const Waiter& waiter) const {
  const std::size_t connected = standing();
  const Duration waited = scheduler_.now() - waiter.since;
  return connected >= waiter.count || (connected > 0 && waited >= kFewerAfter) || waited >= kConnectWithin;
}

void ServerPool::look() {
  const std::weak_ptr<const void> alive = alive_.watch();
  std::list<Waiter> answered;  // `then` may add new ones
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const auto next = std::next(it);
    if (is_over(*it)) answered.splice(answered.end(), waiters_, it);
    it = next;
  }
  for (const auto& waiter : answered) {
    waiter.then(standing() > 0 ? Result<void>() : unavailable("server", "no connection for moving slots could be made within 3 s"));
    if (alive.expired()) return;
  }
  look_again_.reset();
  if (!waiters_.empty()) look_again_ = scheduler_.after(kLookEvery, [this] { look(); });
}

}  // namespace shardkeeper::agent
