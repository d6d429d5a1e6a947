#include "bench/support/http_get.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace shardkeeper::bench {
namespace {

constexpr std::size_t kReplyMax = 16 << 20;

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

bool connect_to(int fd, const std::string& ip, std::uint16_t port, std::chrono::milliseconds timeout) {
  const timeval limit{timeout.count() / 1000, static_cast<suseconds_t>(timeout.count() % 1000 * 1000)};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  return ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) == 1 &&
         ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

HttpReply http_get(const std::string& ip, std::uint16_t port, const std::string& path, std::chrono::milliseconds timeout) {
  const Socket socket;
  if (!connect_to(socket.fd(), ip, port, timeout)) return {};
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + ip + "\r\nConnection: close\r\n\r\n";
  if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return {};
  std::string text;
  std::array<char, 65536> buffer{};
  ssize_t size = 0;
  while ((size = ::recv(socket.fd(), buffer.data(), buffer.size(), 0)) > 0 && text.size() <= kReplyMax)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  const auto end_of_head = text.find("\r\n\r\n");
  HttpReply reply;
  if (size != 0 || end_of_head == std::string::npos || std::sscanf(text.c_str(), "HTTP/1.%*d %d", &reply.status) != 1) return {};
  reply.body = text.substr(end_of_head + 4);
  return reply;
}

}  // namespace shardkeeper::bench
