// Bounds of the HTTP server; what its pages say is shown by agent_process_test.
#include "common/http/http_server.h"

#include "tests/unit/agent/loop_client.h"

#include <gtest/gtest.h>

namespace shardkeeper::http {
namespace {

using namespace std::chrono_literals;

class HttpServerTest : public testing::Test {
 protected:
  void start(int connections_max, std::chrono::milliseconds time_max) {
    HttpServerOptions options;
    options.ip = "127.0.0.1";
    options.connections_max = connections_max;
    options.time_max = time_max;
    auto server = HttpServer::start(loop_.context(), options, [](const HttpRequest& request) {
      return HttpResponse{200, "text/plain", request.path + "?" + request.query};
    });
    ASSERT_TRUE(server) << to_string(server.error());
    server_ = *std::move(server);
  }
  test::LoopClient client() { return test::LoopClient::tcp(loop_, server_->port()); }

  test::Loop loop_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAConnection) {
  start(16, 5s);
  auto one = client();
  one.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = one.read_to_end();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n/a?b=c")) << answer;
}

TEST_F(HttpServerTest, CutsOffWhoIsSlow) {
  start(16, 100ms);
  auto slow = client();
  slow.send("GET / HT");
  EXPECT_EQ(slow.read_to_end(), "");
}

TEST_F(HttpServerTest, CutsOffWhoIsTooMany) {
  start(2, 5s);
  auto first = client();
  auto second = client();
  first.send("G");
  second.send("G");
  loop_.run_for(20ms);
  auto third = client();
  EXPECT_EQ(third.read_to_end(), "");
  first.close();
  loop_.run_for(20ms);
  auto fourth = client();
  fourth.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(fourth.read_to_end().ends_with("/x?"));
}

TEST_F(HttpServerTest, SaysThatItsAddressIsTaken) {
  start(2, 5s);
  HttpServerOptions options;
  options.ip = "127.0.0.1";
  options.port = server_->port();
  const auto second = HttpServer::start(loop_.context(), options, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(to_string(second.error()), "http 127.0.0.1:" + std::to_string(server_->port()) + ": cannot listen: Address already in use");
}

TEST_F(HttpServerTest, EndsConnectionsWithItself) {
  start(2, 5s);
  auto waiting = client();
  waiting.send("GET");
  loop_.run_for(20ms);
  server_.reset();
  EXPECT_EQ(waiting.read_to_end(), "");
}

}  // namespace
}  // namespace shardkeeper::http
