// A very small HTTP/1.1 server for probes and scrapes: one answer a connection, all of it bounded.
#pragma once

#include "common/error/result.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace shardkeeper::http {

struct HttpRequest {
  std::string path;    // without query
  std::string query;   // behind the question mark; "" where there is none
  std::string accept;  // the Accept header; "" where there is none
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpServerOptions {
  std::string ip;
  std::uint16_t port = 0;                     // 0: a free one, see port()
  int connections_max = 16;                   // more are closed unanswered
  std::chrono::milliseconds time_max{5'000};  // for request and answer together
};

// GET and HEAD; requests of at most 8 KiB. THREAD the loop's; destroying it closes every connection.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  // ERRORS kUnavailable: the address is taken or not of this host. REQUIRES `loop` outlives it.
  static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& loop, const HttpServerOptions& options, Handler handler);

  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with its connections
};

}  // namespace shardkeeper::http
