// A server on a unix socket that says what a test tells it to. It lives on the test's own loop.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::test {

class FakeServer {
 public:
  // One accepted connection.
  class Peer {
   public:
    virtual ~Peer() = default;
    virtual void send(std::string bytes) = 0;
    virtual void send_and_close(std::string bytes) = 0;
    virtual void close() = 0;
    virtual const std::string& received() const = 0;  // everything so far
  };

  // Called with each chunk that arrives after the login.
  using Script = std::function<void(Peer& peer, const std::string& chunk)>;

  // Says `login_answer` to the first chunk of every connection (nothing when it is empty); the rest is up to `script`.
  FakeServer(boost::asio::io_context& loop, const std::string& path, Script script, std::string login_answer = "+OK\r\n");
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  // In the order in which they came.
  const std::vector<std::shared_ptr<Peer>>& peers() const;
  const std::vector<std::chrono::steady_clock::time_point>& accepted_at() const;

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;  // shared with its queued accept
};

}  // namespace shardkeeper::test
