// One GET over plain HTTP/1.0, blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace shardkeeper::bench {

struct HttpReply {
  int status = 0;  // 0: no connection, no reply in time, or more than 16 MiB of it
  std::string body;
};

HttpReply http_get(const std::string& ip, std::uint16_t port, const std::string& path,
                   std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace shardkeeper::bench
