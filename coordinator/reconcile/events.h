// What happened, for people: bounded, repeats folded.
#pragma once

#include "common/types/names.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace shardkeeper::reconcile {

struct Event {
  std::int64_t unix_ms = 0;  // of the newest repeat
  ClusterName cluster;
  bool is_warning = false;
  std::string reason;  // a Reason's name
  std::string subject;
  std::string message;
  std::uint32_t count = 1;
};

// Keeps the newest kKept. The same cluster, reason, subject and message within kFold counts up instead of standing there again.
class EventLog {
 public:
  static constexpr std::size_t kKept = 2000;
  static constexpr std::int64_t kFoldMs = 600'000;

  void add(Event event);
  // Called with every event that is added, its repeats counted.
  void on_add(std::function<void(const Event&)> added) { added_ = std::move(added); }
  // Newest last, at most `limit`; `cluster` empty: all.
  std::vector<Event> newest(const ClusterName& cluster, std::size_t limit) const;

 private:
  std::deque<Event> events_;
  std::function<void(const Event&)> added_;
};

}  // namespace shardkeeper::reconcile
