// One blocking HTTP request, for tests.
#pragma once

#include <cstdint>
#include <string>

namespace shardkeeper::test {

// Sends `request` as it is and reads until the other side closes (at most five seconds and 4 MiB). "" when nobody listens.
std::string http_exchange(const std::string& ip, std::uint16_t port, const std::string& request);

// GET of `target`; `header` is one more line without its end, or "".
std::string http_get(const std::string& ip, std::uint16_t port, const std::string& target, const std::string& header = "");

}  // namespace shardkeeper::test
