// Where a server listens, as a connection needs it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace shardkeeper::valkey {

struct UnixAddress {
  std::string path;  // at most 106 bytes
};

struct TcpAddress {
  std::string ip;  // a literal: names would be looked up on the loop
  std::uint16_t port = 0;
};

using Address = std::variant<UnixAddress, TcpAddress>;

// "/run/valkey.sock" or "127.0.0.1:6379".
std::string to_string(const Address& address);

}  // namespace shardkeeper::valkey
