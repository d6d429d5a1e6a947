#include "tests/support/http_get.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

namespace shardkeeper::test {

std::string http_exchange(const std::string& ip, std::uint16_t port, const std::string& request) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  std::string answer;
  if (connect(connection, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof(address)) == 0) {
    send(connection, request.data(), request.size(), MSG_NOSIGNAL);
    std::array<char, 16 * 1024> buffer{};
    for (ssize_t size = 0; answer.size() < (4U << 20U) && (size = recv(connection, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(connection);
  return answer;
}

std::string http_get(const std::string& ip, std::uint16_t port, const std::string& target, const std::string& header) {
  return http_exchange(ip, port, "GET " + target + " HTTP/1.1\r\nHost: agent\r\n" + header + (header.empty() ? "" : "\r\n") + "\r\n");
}

}  // namespace shardkeeper::test
