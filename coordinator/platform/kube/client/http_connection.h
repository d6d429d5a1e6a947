// One HTTP/1.1 connection to the API server: one question at a time, the reply's body in pieces. Knows nothing about Kubernetes.
#pragma once

#include "coordinator/platform/kube/client/config.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

struct Question {
  std::string method;
  std::string target;
  std::string token;  // "" for none
  std::string content_type;
  std::string body;
};

struct ReplyHead {
  int status = 0;
  std::optional<std::chrono::seconds> retry_after;
};

// How an exchange ended.
struct ExchangeEnd {
  enum class Cause {
    kComplete,
    kStopped,  // the data hook said so
    kTimeout,
    kBroken,   // closed or reset in the middle
    kGarbage,  // no HTTP, or headers or body beyond their limits
  };
  Cause cause = Cause::kComplete;
  std::string detail;         // of what is not kComplete
  bool was_sent = false;      // the server may have seen the question
  bool has_answered = false;  // at least one byte of a reply came
};

struct ExchangeHooks {
  std::function<void(const ReplyHead&)> head;
  std::function<bool(std::string_view)> data;  // RETURNS false: enough, close
  std::function<void(ExchangeEnd)> end;        // once
};

struct ConnectionLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 0;  // 0: without end, for a watch; the data hook decides
};

// THREAD the loop's. Held by shared_ptr: its operations hold it while they run. After close() nothing is called any more.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;

  // `tls` null: plain. REQUIRES `tls` outlives it.
  static std::shared_ptr<HttpConnection> make(boost::asio::io_context& loop, boost::asio::ssl::context* tls, const Config& config);

  // ERRORS kUnavailable: name, TCP or TLS; says which, and why a certificate is not accepted.
  virtual void connect(std::chrono::milliseconds at_most, std::function<void(Result<void>)> done) = 0;
  // `at_most` is for everything until the end; with `silence_max` set it is for the head only, and then the pause between pieces.
  virtual void exchange(Question question, ConnectionLimits limits, std::chrono::milliseconds at_most,
                        std::optional<std::chrono::milliseconds> silence_max, ExchangeHooks hooks) = 0;
  // The last exchange was complete, and the server has kept the connection until now.
  virtual bool is_reusable() = 0;
  // Calls `gone` as soon as the idle connection is closed by the server or says something unasked; ends with the next exchange.
  virtual void watch_idle(std::function<void()> gone) = 0;
  virtual void close() = 0;
};

}  // namespace shardkeeper::platform::kube
