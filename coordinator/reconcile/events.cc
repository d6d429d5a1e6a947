#include "coordinator/reconcile/events.h"

#include <algorithm>

namespace shardkeeper::reconcile {

void EventLog::add(Event event) {
  const auto same = std::find_if(events_.rbegin(), events_.rend(), [&](const Event& other) {
    return other.cluster == event.cluster && other.reason == event.reason && other.subject == event.subject &&
           other.message == event.message && event.unix_ms - other.unix_ms < kFoldMs;
  });
  if (same != events_.rend()) {
    event.count += same->count;
    events_.erase(std::next(same).base());
  }
  events_.push_back(std::move(event));
  if (events_.size() > kKept) events_.pop_front();
  if (added_) added_(events_.back());
}

std::vector<Event> EventLog::newest(const ClusterName& cluster, std::size_t limit) const {
  std::vector<Event> result;
  for (auto it = events_.rbegin(); it != events_.rend() && result.size() < limit; ++it)
    if (cluster.empty() || it->cluster == cluster) result.push_back(*it);
  std::ranges::reverse(result);
  return result;
}

}  // namespace shardkeeper::reconcile
