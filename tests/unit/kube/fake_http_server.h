// A server on loopback that says byte by byte what a test tells it to, with or without TLS. It lives on the test's own loop.
#pragma once

#include "common/tls/identity.h"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

class FakeHttpServer {
 public:
  // One accepted connection.
  class Peer {
   public:
    virtual ~Peer() = default;
    virtual void send(std::string bytes) = 0;
    virtual void close() = 0;        // after what was sent
    virtual int number() const = 0;  // 0 for the first connection
  };
  struct Seen {
    int connection = 0;
    std::string head;  // request line and headers
    std::string body;
  };
  // Called with each complete request.
  using Script = std::function<void(Peer& peer, const Seen& request)>;

  FakeHttpServer(boost::asio::io_context& loop, Script script, const std::optional<tls::Identity>& identity = std::nullopt);
  ~FakeHttpServer();
  FakeHttpServer(const FakeHttpServer&) = delete;
  FakeHttpServer& operator=(const FakeHttpServer&) = delete;

  std::uint16_t port() const;
  const std::vector<Seen>& seen() const;
  int connections() const;       // so far
  int open_connections() const;  // whose other side has not closed yet
  void close_all();              // connections, not the listening

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with its queued operations
};

// "HTTP/1.1 200 OK" with a length and this JSON; `more` are headers, each with its line end.
std::string http_reply(int status, const std::string& body, const std::string& more = "");
// The head of a reply in chunks, and a chunk.
std::string chunked_head(int status);
std::string chunk(const std::string& bytes);

}  // namespace shardkeeper::test
