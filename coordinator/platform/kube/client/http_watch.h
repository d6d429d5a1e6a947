// A watch on a connection of its own.
#pragma once

#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/http_connection.h"
#include "coordinator/platform/kube/client/token.h"

#include <cstddef>
#include <memory>

namespace shardkeeper::platform::kube {

struct HttpWatchParts {
  std::shared_ptr<HttpConnection> connection;  // not connected yet
  std::shared_ptr<Token> token;                // shared with the api and its other watches
  std::string base_path;
  std::size_t header_bytes_max = 0;
  std::size_t event_bytes_max = 0;
  std::chrono::milliseconds connect_max{};
};

std::unique_ptr<Watch> start_watch(HttpWatchParts parts, WatchRequest request, WatchHooks hooks);

}  // namespace shardkeeper::platform::kube
