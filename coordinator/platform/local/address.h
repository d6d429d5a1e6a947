// Loopback addresses: a /24 per cluster, an address per pod, so that every pod has the same ports as on Kubernetes.
#pragma once

#include "common/error/result.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::platform::local {

// 127.x.y.0/24.
struct Network {
  int x = 0;
  int y = 0;

  auto operator<=>(const Network&) const = default;
};

// X is 16..199: far from 127.0.x, where everybody is, and free of 200..255, which is left to tests. Y is 0..255.
inline constexpr int kNetworkFirstX = 16;
inline constexpr int kNetworkLastX = 199;
inline constexpr int kHostsMax = 254;  // of a network: 1..254

std::string to_string(const Network& network);  // "127.16.3"
// ERRORS kInvalid unless `text` is as to_string writes it and within the bounds above.
Result<Network> parse_network(std::string_view text);
std::string address_in(const Network& network, int host);  // "127.16.3.7"

// The `attempt`th network to try for a cluster of that uid: attempt 0 is a hash of the uid, the next ones follow in a row.
Network network_of(std::string_view cluster_uid, int attempt);

// The next host after `last`, going round at 254, whose address is not in `taken`; 0 when all are taken. Going round keeps an address
// unused for as long as possible: a new server at a dead one's address is what Valkey handles worst.
int next_host(const Network& network, int last, const std::set<std::string>& taken);

// ERRORS kRefused: somebody listens on one of the ports there; kUnavailable: cannot be tried. `detail` names address and port.
Result<void> check_free(const std::string& ip, const std::vector<std::uint16_t>& ports);

}  // namespace shardkeeper::platform::local
