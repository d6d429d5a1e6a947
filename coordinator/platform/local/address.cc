#include "coordinator/platform/local/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace shardkeeper::platform::local {
namespace {

// FNV-1a: the same on every machine and in every build, so that a cluster's addresses can be told from its uid.
std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  return value;
}

Result<void> check_port(const std::string& ip, std::uint16_t port) {
  const std::string where = ip + ":" + std::to_string(port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) return unavailable(where, "not an address");
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe == -1) return unavailable(where, std::string("no socket to try it with: ") + std::strerror(errno));
  // As servers do: connections that linger after an earlier server must not count as taken.
  const int reuse = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof generic);
  const int failed = ::bind(probe, &generic, sizeof address) == 0 ? 0 : errno;
  ::close(probe);
  if (failed == 0) return {};
  if (failed == EADDRINUSE) return refused(where, "somebody listens there already");
  return unavailable(where, std::string("cannot be used: ") + std::strerror(failed));
}

}  // namespace

std::string to_string(const Network& network) { return "127." + std::to_string(network.x) + "." + std::to_string(network.y); }

Result<Network> parse_network(std::string_view text) {
  Network network;
  const std::string_view prefix = "127.";
  const auto bad = [&] {
    return invalid("network", "'" + std::string(text.substr(0, 40)) + "' is not 127.X.Y with X 16..199 and Y 0..255");
  };
  if (!text.starts_with(prefix)) return bad();
  const char* const end = text.data() + text.size();
  const auto x = std::from_chars(text.data() + prefix.size(), end, network.x);
  if (x.ec != std::errc{} || x.ptr == end || *x.ptr != '.') return bad();
  const auto y = std::from_chars(x.ptr + 1, end, network.y);
  if (y.ec != std::errc{} || y.ptr != end) return bad();
  if (network.x < kNetworkFirstX || network.x > kNetworkLastX || network.y < 0 || network.y > 255) return bad();
  return network;
}

std::string address_in(const Network& network, int host) { return to_string(network) + "." + std::to_string(host); }

Network network_of(std::string_view cluster_uid, int attempt) {
  constexpr std::uint32_t kNetworks = (kNetworkLastX - kNetworkFirstX + 1) * 256;
  const auto index = static_cast<int>((hash(cluster_uid) + static_cast<std::uint32_t>(attempt)) % kNetworks);
  return {kNetworkFirstX + index / 256, index % 256};
}

int next_host(const Network& network, int last, const std::set<std::string>& taken) {
  for (int step = 0; step < kHostsMax; ++step) {
    const int host = (last + step) % kHostsMax + 1;
    if (!taken.contains(address_in(network, host))) return host;
  }
  return 0;
}

Result<void> check_free(const std::string& ip, const std::vector<std::uint16_t>& ports) {
  for (const auto port : ports)
    if (const auto free = check_port(ip, port); !free) return free.error();
  return {};
}

}  // namespace shardkeeper::platform::local
