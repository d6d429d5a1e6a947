// A client of a server that runs on this very thread's loop: every wait turns the loop.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace shardkeeper::test {

class Loop {
 public:
  boost::asio::io_context& context() { return context_; }
  void run_for(std::chrono::milliseconds time) { context_.run_for(time); }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
};

class LoopClient {
 public:
  static LoopClient tcp(Loop& loop, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    return LoopClient(loop, AF_INET, &address, sizeof(address));
  }
  static LoopClient unix_socket(Loop& loop, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    return LoopClient(loop, AF_UNIX, &address, sizeof(address));
  }
  ~LoopClient() { close(); }
  LoopClient(LoopClient&& other) noexcept
      : loop_(other.loop_), socket_(std::exchange(other.socket_, -1)), is_connected_(other.is_connected_) {}
  LoopClient& operator=(LoopClient&&) = delete;

  bool is_connected() const { return is_connected_; }
  void send(const std::string& text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Everything until the other side closes; "(still open)" behind it when that takes more than five seconds.
  std::string read_to_end() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::string text;
    std::array<char, 4096> buffer{};
    while (std::chrono::steady_clock::now() < end) {
      loop_.run_for(std::chrono::milliseconds(2));
      const ssize_t size = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
      if (size == 0 || (size < 0 && errno != EAGAIN)) return text;
    }
    return text + "(still open)";
  }

 private:
  LoopClient(Loop& loop, int family, void* address, socklen_t size) : loop_(loop), socket_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    is_connected_ = connect(socket_, static_cast<sockaddr*>(address), size) == 0;
  }

  Loop& loop_;
  int socket_;
  bool is_connected_ = false;
};

}  // namespace shardkeeper::test
