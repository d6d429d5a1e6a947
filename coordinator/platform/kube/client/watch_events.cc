#include "coordinator/platform/kube/client/watch_events.h"

#include "coordinator/platform/kube/client/fields.h"

#include <boost/json.hpp>

#include <array>
#include <utility>

namespace shardkeeper::platform::kube {
namespace {

constexpr const char* kWhere = "watch";

boost::json::parse_options options() {
  boost::json::parse_options options;
  options.max_depth = 64;  // a pod needs about 15; managedFields of deep objects a little more
  return options;
}

constexpr std::array<std::pair<std::string_view, WatchEvent::Type>, 5> kTypes{{{"ADDED", WatchEvent::Type::kAdded},
                                                                               {"MODIFIED", WatchEvent::Type::kModified},
                                                                               {"DELETED", WatchEvent::Type::kDeleted},
                                                                               {"BOOKMARK", WatchEvent::Type::kBookmark},
                                                                               {"ERROR", WatchEvent::Type::kError}}};

Result<WatchEvent> to_event(boost::json::value value) {
  auto* event = value.if_object();
  if (event == nullptr) return invalid(kWhere, "an event is no JSON object");
  const auto type = text_at(*event, {"type"});
  auto* object = event->if_contains("object");
  if (object == nullptr || !object->is_object()) return invalid(kWhere, "an event has no object");
  for (const auto& [name, known] : kTypes)
    if (type == name) return WatchEvent{known, std::move(*object)};
  return invalid(kWhere, "an event is of no known type");
}

bool is_space(char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; }

}  // namespace

WatchEvents::WatchEvents(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max), parser_({}, options()) {}

Result<void> WatchEvents::feed(std::string_view bytes, const std::function<bool(WatchEvent)>& event) {
  bool go_on = true;
  while (go_on && !bytes.empty()) {
    if (bytes_of_event_ == 0 && is_space(bytes.front())) {
      bytes.remove_prefix(1);
      continue;
    }
    // An event that is no object has no end that can be seen: 1 may go on as 12.
    if (bytes_of_event_ == 0 && bytes.front() != '{') return invalid(kWhere, "expected an event, which begins with {");
    boost::system::error_code failed;
    const auto piece = bytes.substr(0, event_bytes_max_ - bytes_of_event_);
    const std::size_t used = parser_.write_some(piece.data(), piece.size(), failed);
    if (failed) return invalid(kWhere, "an event is no JSON: " + failed.message());
    bytes_of_event_ += used;
    bytes.remove_prefix(used);
    if (parser_.done()) {
      if (const auto taken = take(event, go_on); !taken) return taken.error();
    } else if (bytes_of_event_ >= event_bytes_max_) {
      return invalid(kWhere, "an event is longer than " + std::to_string(event_bytes_max_) + " bytes");
    }
  }
  return {};
}

Result<void> WatchEvents::take(const std::function<bool(WatchEvent)>& event, bool& go_on) {
  auto complete = to_event(parser_.release());
  parser_.reset();
  bytes_of_event_ = 0;
  if (!complete) return complete.error();
  go_on = event(std::move(*complete));
  return {};
}

}  // namespace shardkeeper::platform::kube
