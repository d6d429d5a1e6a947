// An HttpApi and the server that it talks to, on one loop that the test turns.
#pragma once

#include "common/net/asio_scheduler.h"
#include "coordinator/platform/kube/client/http_api.h"
#include "tests/unit/kube/fake_http_server.h"

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {

using namespace std::chrono_literals;

class HttpFixture : public testing::Test {
 protected:
  // RETURNS false when `deadline` has passed before `condition` was true.
  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition, std::chrono::milliseconds deadline = 20s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.run_one_for(5ms);
    }
    return true;
  }

  void serve(test::FakeHttpServer::Script script, std::optional<tls::Identity> identity = std::nullopt) {
    server_.emplace(loop_, std::move(script), std::move(identity));
    config_.is_tls = false;
    config_.host = "127.0.0.1";
    config_.server_name = "127.0.0.1";
    config_.port = server_->port();
    config_.source = "test";
  }
  // Answers each request with the next of these; the last one is repeated.
  void serve_replies(std::vector<std::string> replies) {
    serve(
        [replies = std::move(replies), next = std::size_t{0}](test::FakeHttpServer::Peer& peer, const test::FakeHttpServer::Seen&) mutable {
          peer.send(replies[std::min(next++, replies.size() - 1)]);
        });
  }

  HttpApi& api() {
    if (!api_) {
      auto opened = HttpApi::open(loop_, scheduler_, config_, options_);
      EXPECT_TRUE(opened.has_value()) << (opened ? "" : to_string(opened.error()));
      api_ = std::move(*opened);
    }
    return *api_;
  }

  // The call's result; an error of kind kInvalid "no answer" when none came.
  Result<boost::json::value> ask(Request request) {
    std::optional<Result<boost::json::value>> result;
    api().call(std::move(request), [&](Result<boost::json::value> reply) { result.emplace(std::move(reply)); });
    EXPECT_FALSE(result) << "never before call() returns";
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? *result : Result<boost::json::value>(invalid("test", "no answer"));
  }
  Error error_of(Request request) {
    const auto result = ask(std::move(request));
    EXPECT_FALSE(result.has_value());
    return result ? Error{} : result.error();
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  AsioScheduler scheduler_{loop_};
  std::optional<test::FakeHttpServer> server_;
  Config config_;
  HttpApiOptions options_;
  std::unique_ptr<HttpApi> api_;
};

}  // namespace shardkeeper::platform::kube
