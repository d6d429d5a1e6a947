#include "tests/unit/kube/http_fixture.h"

#include "coordinator/platform/kube/client/requests.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;
using testing::Not;
using Peer = test::FakeHttpServer::Peer;
using Seen = test::FakeHttpServer::Seen;

const Request kRead{.path = "/api/v1/namespaces/a/pods/b?x=1"};
const Request kChange{.method = Method::kPost, .path = "/api/v1/namespaces/a/pods", .body = boost::json::object{{"kind", "Pod"}}};
const Request kEvict = evict_request("policy/v1", {"a", "b"}, {}, 5s);

Request within(Request request, std::chrono::milliseconds timeout) {
  request.timeout = timeout;
  return request;
}
std::string status_body(const std::string& message) {
  return boost::json::serialize(boost::json::object{{"kind", "Status"}, {"message", message}});
}

class HttpApiTest : public HttpFixture {};

TEST_F(HttpApiTest, SendsARequestAndGivesTheObject) {
  serve_replies({test::http_reply(201, R"({"a":1})")});
  config_.token = "secret";
  const auto reply = ask(kChange);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(*reply, (boost::json::value{{"a", 1}}));
  const auto& seen = server_->seen().front();
  EXPECT_THAT(seen.head, HasSubstr("POST /api/v1/namespaces/a/pods HTTP/1.1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Authorization: Bearer secret\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_EQ(seen.body, R"({"kind":"Pod"})");
}

TEST_F(HttpApiTest, UsesAConnectionAgain) {
  serve_replies({test::http_reply(200, "{}")});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(HttpApiTest, OpensFewConnectionsForManyCalls) {
  options_.connections_max = 3;
  serve_replies({test::http_reply(200, "{}")});
  int answered = 0;
  for (int i = 0; i < 100; ++i) api().call(kRead, [&](const Result<boost::json::value>& reply) { answered += reply.has_value() ? 1 : 0; });
  EXPECT_TRUE(run_until([&] { return answered == 100; }));
  EXPECT_LE(server_->connections(), 3);
}

TEST_F(HttpApiTest, AnIdleConnectionThatTheServerClosedIsNotUsed) {
  serve_replies({test::http_reply(200, "{}")});
  EXPECT_TRUE(ask(kRead).has_value());
  server_->close_all();
  // At once, before the loop has turned: a change may not be sent into a connection that is known to be dead.
  EXPECT_TRUE(ask(kChange).has_value());
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(HttpApiTest, AReadIsAskedAgainWhenItsUsedConnectionDies) {
  int requests = 0;
  serve([&requests](Peer& peer, const Seen&) {
    if (++requests == 2) return peer.close();
    peer.send(test::http_reply(200, "{}"));
  });
  EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_EQ(requests, 3);
}

TEST_F(HttpApiTest, AChangeIsNeverSentTwice) {
  int requests = 0;
  serve([&requests](Peer& peer, const Seen&) {
    if (++requests == 2) return peer.close();
    peer.send(test::http_reply(200, "{}"));
  });
  EXPECT_TRUE(ask(kChange).has_value());
  EXPECT_EQ(error_of(kChange).kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpApiTest, WaitsAsLongAsTheServerTells) {
  serve_replies({test::http_reply(429, status_body("slow down"), "Retry-After: 1\r\n"), test::http_reply(200, "{}")});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(ask(kChange).has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_EQ(server_->seen().size(), 2U);
}

TEST_F(HttpApiTest, DoesNotWaitLongerThanTheCallMayTake) {
  serve_replies({test::http_reply(429, status_body("slow down"), "Retry-After: 60\r\n")});
  const auto error = error_of(kChange);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.detail, HasSubstr("slow down"));
  EXPECT_EQ(server_->seen().size(), 1U);
}

TEST_F(HttpApiTest, ADisruptionBudgetsNoIsARefusal) {
  serve_replies({test::http_reply(429, R"({"message":"Cannot evict pod as it would violate the pod's disruption budget.",
    "details":{"causes":[{"reason":"DisruptionBudget","message":"needs 2"}]}})")});
  const auto error = error_of(kEvict);
  EXPECT_EQ(error.kind, ErrorKind::kRefused);
  EXPECT_THAT(error.detail, HasSubstr("disruption budget"));
  EXPECT_EQ(server_->seen().size(), 1U) << "asking again by itself would only repeat the no";
}

TEST_F(HttpApiTest, AServersErrorIsUnavailableAndNotRepeated) {
  serve_replies({test::http_reply(500, status_body("etcd is away"))});
  const auto error = error_of(kChange);
  EXPECT_EQ(error, unavailable("POST /api/v1/namespaces/a/pods", "500: etcd is away"));
  EXPECT_EQ(server_->seen().size(), 1U);
}

TEST_F(HttpApiTest, ReadsTheTokenAnewWhenItIsRefused) {
  const test::TempDir temp;
  test::write_file(temp / "token", "old\n");
  serve([&](Peer& peer, const Seen& seen) {
    const bool is_new = seen.head.find("Bearer new\r\n") != std::string::npos;
    peer.send(is_new ? test::http_reply(200, "{}") : test::http_reply(401, status_body("Unauthorized")));
  });
  config_.token_file = temp / "token";
  const auto refusal = error_of(kRead);
  EXPECT_EQ(refusal.kind, ErrorKind::kRefused);
  EXPECT_THAT(refusal.detail, HasSubstr("does not accept our credentials"));
  EXPECT_EQ(server_->seen().size(), 2U) << "once more, with the file as it is now";
  test::write_file(temp / "token", "new\n");
  EXPECT_TRUE(ask(kRead).has_value());
}

TEST_F(HttpApiTest, ASilentServerCostsTheTimeoutOnly) {
  serve([](Peer&, const Seen&) {});
  EXPECT_EQ(error_of(within(kRead, 100ms)).kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error_of(within(kChange, 100ms)).kind, ErrorKind::kUnknownOutcome);
}

TEST_F(HttpApiTest, AServerThatDripsCostsTheTimeoutOnly) {
  std::unique_ptr<Timer> timer;
  std::function<void(Peer*)> drip = [&](Peer* peer) {
    peer->send("x");
    timer = scheduler_.after(10ms, [&drip, peer] { drip(peer); });
  };
  serve([&](Peer& peer, const Seen&) {
    peer.send("HTTP/1.1 200 OK\r\nX: ");
    drip(&peer);
  });
  EXPECT_EQ(error_of(within(kRead, 200ms)).kind, ErrorKind::kUnavailable);
  timer.reset();
}

TEST_F(HttpApiTest, HalfAHeaderAndACutBodyAreBrokenReplies) {
  serve([](Peer& peer, const Seen&) {
    peer.send(peer.number() == 0 ? "HTTP/1.1 200 O" : "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
    peer.close();
  });
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error_of(kChange).kind, ErrorKind::kUnknownOutcome);
}

TEST_F(HttpApiTest, GarbageIsInvalidForAReadAndUnknownForAChange) {
  serve_replies({"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"});
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kInvalid);
  EXPECT_EQ(error_of(kChange).kind, ErrorKind::kUnknownOutcome);
  api_.reset();
  serve_replies({test::http_reply(200, "<html>")});
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kInvalid);
  EXPECT_EQ(error_of(kChange).kind, ErrorKind::kUnknownOutcome);
}

TEST_F(HttpApiTest, AHugeReplyIsCutOff) {
  options_.response_bytes_max = 1000;
  serve_replies({test::http_reply(200, "\"" + std::string(2000, 'x') + "\"")});
  const auto error = error_of(kRead);
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_THAT(error.detail, HasSubstr("body limit"));
}

TEST_F(HttpApiTest, HugeHeadersAreCutOff) {
  serve_replies({"HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n"});
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kInvalid);
}

TEST_F(HttpApiTest, DeeplyNestedJsonIsRefused) {
  serve_replies({test::http_reply(200, std::string(100'000, '['))});
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kInvalid);
}

TEST_F(HttpApiTest, ACallThatFindsNoConnectionGivesUpInTime) {
  options_.connections_max = 1;
  serve([](Peer&, const Seen&) {});
  api().call(within(kRead, 10s), [](const Result<boost::json::value>&) {});
  const auto error = error_of(within(kChange, 100ms));
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << "it was never sent";
}

TEST_F(HttpApiTest, AnUrgentCallPassesOthers) {
  options_.connections_max = 1;
  serve([](Peer& peer, const Seen& seen) {
    if (seen.head.find("leases") != std::string::npos) peer.send(test::http_reply(200, "{}"));
  });
  for (int i = 0; i < 10; ++i) api().call(kRead, [](const Result<boost::json::value>&) {});
  auto urgent = get_request(resources::kLeases, {"a", "b"});
  urgent.is_urgent = true;
  EXPECT_TRUE(ask(urgent).has_value());
}

TEST_F(HttpApiTest, TooManyWaitingCallsAreRefused) {
  options_.connections_max = 1;
  options_.queued_max = 2;
  serve([](Peer&, const Seen&) {});
  for (int i = 0; i < 2; ++i) api().call(kRead, [](const Result<boost::json::value>&) {});
  EXPECT_THAT(error_of(kRead).detail, HasSubstr("too many requests"));
}

TEST_F(HttpApiTest, NobodyThereIsUnavailable) {
  serve_replies({test::http_reply(200, "{}")});
  server_.reset();
  loop_.run_for(5ms);
  const auto error = error_of(kChange);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.detail, HasSubstr("no connection to 127.0.0.1:"));
}

TEST_F(HttpApiTest, ANameThatDoesNotResolveIsUnavailable) {
  serve_replies({test::http_reply(200, "{}")});
  config_.host = "no-such-host.invalid";
  const auto error = error_of(kRead);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.detail, HasSubstr("no-such-host.invalid"));
}

TEST_F(HttpApiTest, DestroyingItAnswersNothing) {
  serve([](Peer&, const Seen&) {});
  bool is_answered = false;
  for (int i = 0; i < 10; ++i) api().call(kRead, [&](const Result<boost::json::value>&) { is_answered = true; });
  EXPECT_TRUE(run_until([&] { return !server_->seen().empty(); }));
  api_.reset();
  EXPECT_TRUE(run_until([&] { return server_->open_connections() == 0; }));
  EXPECT_FALSE(is_answered);
}

TEST_F(HttpApiTest, ItMayBeDestroyedInsideACallback) {
  serve_replies({test::http_reply(200, "{}")});
  bool is_answered = false;
  api().call(kRead, [&](const Result<boost::json::value>&) {
    is_answered = true;
    api_.reset();
  });
  EXPECT_TRUE(run_until([&] { return is_answered && server_->open_connections() == 0; }));
}

TEST_F(HttpApiTest, ABasePathStandsBeforeEverything) {
  serve_replies({test::http_reply(200, "{}")});
  config_.base_path = "/k8s/c-1";
  EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_THAT(server_->seen().front().head, HasSubstr("GET /k8s/c-1/api/v1/"));
  EXPECT_THAT(server_->seen().front().head, Not(HasSubstr("Authorization")));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
