#include "common/rpc/listen_check.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace shardkeeper::rpc {
namespace {

struct FreeAddress {
  void operator()(addrinfo* address) const { ::freeaddrinfo(address); }
};
using Address = std::unique_ptr<addrinfo, FreeAddress>;

Result<Address> parse(const std::string& text) {
  const auto colon = text.rfind(':');
  std::string ip = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (ip.empty() || ::getaddrinfo(ip.c_str(), text.c_str() + colon + 1, &hints, &found) != 0)
    return invalid(text, "is no address to listen on; expected ip:port");
  return Address(found);
}

}  // namespace

Result<void> check_can_listen(const std::string& address) {
  const auto parsed = parse(address);
  if (!parsed) return parsed.error();
  const int listener = ::socket((*parsed)->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  // As gRPC does: an address that was just closed is not taken.
  const bool listens = listener >= 0 && ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                       ::bind(listener, (*parsed)->ai_addr, (*parsed)->ai_addrlen) == 0 && ::listen(listener, 1) == 0;
  const int reason = errno;
  if (listener >= 0) ::close(listener);
  if (listens) return {};
  return unavailable(address, "cannot be listened on: " + std::generic_category().message(reason));
}

}  // namespace shardkeeper::rpc
