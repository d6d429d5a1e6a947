// The bytes of a watch to its events. Pure: chunks may be cut anywhere.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/kube/client/api.h"

#include <boost/json/stream_parser.hpp>

#include <cstddef>
#include <functional>
#include <string_view>

namespace shardkeeper::platform::kube {

class WatchEvents {
 public:
  explicit WatchEvents(std::size_t event_bytes_max);

  // Gives each event that `bytes` completes to `event`, which RETURNS false to stop (nothing is read afterwards).
  // ERRORS kInvalid: no JSON, no event, nested deeper than 64, or longer than event_bytes_max. Nothing may be fed after an error.
  Result<void> feed(std::string_view bytes, const std::function<bool(WatchEvent)>& event);

  // Everything that was begun is complete. Otherwise the stream was cut.
  bool is_between_events() const { return bytes_of_event_ == 0; }

 private:
  Result<void> take(const std::function<bool(WatchEvent)>& event, bool& go_on);

  std::size_t event_bytes_max_;
  std::size_t bytes_of_event_ = 0;  // of the unfinished one
  boost::json::stream_parser parser_;
};

}  // namespace shardkeeper::platform::kube
