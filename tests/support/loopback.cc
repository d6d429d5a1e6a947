#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace shardkeeper::test {
namespace {

constexpr int kFirst = 200, kLast = 249;
constexpr std::uint16_t kClaimPort = 6000;  // on the block's address .251; nothing listens there

sockaddr_in address_of(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) throw std::runtime_error(ip + ": no IPv4 address");
  return address;
}

template <typename Call>
bool on_address(Call call, int socket, const std::string& ip, std::uint16_t port) {
  const sockaddr_in address = address_of(ip, port);
  return call(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

int tcp_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error("no socket: out of file descriptors?");
  return socket;
}

}  // namespace

LoopbackBlock::LoopbackBlock() {
  claim_ = tcp_socket();
  constexpr int kBlocks = (kLast - kFirst + 1) * 256;
  // Start at a place that depends on the process, so that tests which start together do not walk over the same blocks.
  const int start = static_cast<int>((static_cast<unsigned>(::getpid()) * 2654435761U) % kBlocks);
  for (int i = 0; i < kBlocks; ++i) {
    const int block = (start + i) % kBlocks;
    prefix_ = "127." + std::to_string(kFirst + block / 256) + "." + std::to_string(block % 256) + ".";
    if (on_address(::bind, claim_, prefix_ + "251", kClaimPort)) return;
  }
  ::close(claim_);
  throw std::runtime_error("every loopback block 127.200.0.0 … 127.249.255.0 is taken");
}

LoopbackBlock::~LoopbackBlock() { ::close(claim_); }

std::uint16_t free_port(const std::string& ip) {
  const int socket = tcp_socket();
  sockaddr_in bound{};
  socklen_t size = sizeof(bound);
  const bool ok = on_address(::bind, socket, ip, 0) && ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) == 0;
  ::close(socket);
  if (!ok) throw std::runtime_error(ip + ": no free port");
  return ntohs(bound.sin_port);
}

bool accepts_connections(const std::string& ip, std::uint16_t port) {
  const int socket = tcp_socket();
  const bool accepted = on_address(::connect, socket, ip, port);
  ::close(socket);
  return accepted;
}

}  // namespace shardkeeper::test
