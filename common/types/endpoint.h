// Where a valkey-server is reached: address literal, client port, cluster bus port.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace shardkeeper {

struct Endpoint {
  std::string ip;          // a literal, never a name: CLUSTER MEET takes nothing else
  std::uint16_t port = 0;  // clients and replication; 0 in CLUSTER NODES means that the address is lost
  std::uint16_t bus_port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

inline std::string to_string(const Endpoint& e) { return e.ip + ":" + std::to_string(e.port); }

}  // namespace shardkeeper
