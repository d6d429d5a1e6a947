// "https://10.0.0.1:6443/base" to its parts. Pure.
#pragma once

#include "common/error/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

struct ServerUrl {
  bool is_tls = true;
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 443;
  std::string base_path;  // "" or "/…" without a slash at the end

  bool operator==(const ServerUrl&) const = default;
};

// ERRORS kInvalid (`where` is empty): not http(s), no host, a port that is none, user names, queries; http:// to another host than
// loopback, since tokens would be readable on the way.
Result<ServerUrl> parse_server_url(std::string_view text);

}  // namespace shardkeeper::platform::kube
