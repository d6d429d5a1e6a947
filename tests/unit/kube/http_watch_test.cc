#include "tests/unit/kube/http_fixture.h"

#include "coordinator/platform/kube/client/requests.h"

#include <gmock/gmock.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;
using Peer = test::FakeHttpServer::Peer;
using Seen = test::FakeHttpServer::Seen;

constexpr const char* kAdded = R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})";

class HttpWatchTest : public HttpFixture {
 protected:
  void serve_bytes(std::vector<std::string> pieces) {
    serve([pieces = std::move(pieces)](Peer& peer, const Seen&) {
      for (const auto& piece : pieces) peer.send(piece);
      peer.close();
    });
  }

  void watch(WatchRequest request) {
    watch_ = api().watch(std::move(request), {.opened = [this] { ++opened_; },
                                              .event = [this](WatchEvent event) { events_.push_back(std::move(event)); },
                                              .ended = [this](WatchEnd end) { end_ = std::move(end); }});
  }
  WatchEnd end_of(std::chrono::milliseconds silence_max = 5s) {
    watch({.path = watch_request(resources::kPods, {}, "4", 60s).path, .silence_max = silence_max});
    EXPECT_TRUE(run_until([this] { return end_.has_value(); }));
    return end_.value_or(WatchEnd{});
  }

  std::unique_ptr<Watch> watch_;
  int opened_ = 0;
  std::vector<WatchEvent> events_;
  std::optional<WatchEnd> end_;
};

TEST_F(HttpWatchTest, GivesEventsAndTheRegularEnd) {
  serve_bytes({test::chunked_head(200), test::chunk(std::string(kAdded).substr(0, 20)),
               test::chunk(std::string(kAdded).substr(20) + "\n" + kAdded), test::chunk(""), ""});
  EXPECT_EQ(end_of().cause, WatchEnd::Cause::kFinished);
  EXPECT_EQ(events_.size(), 2U);
  EXPECT_EQ(opened_, 1);
  EXPECT_THAT(server_->seen().front().head, HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=4&timeoutSeconds=60"));
}

TEST_F(HttpWatchTest, ACutInsideAnEventIsAFailure) {
  serve_bytes({test::chunked_head(200), test::chunk(kAdded), test::chunk(std::string(kAdded).substr(0, 30))});
  const auto end = end_of();
  EXPECT_EQ(end.cause, WatchEnd::Cause::kFailed);
  EXPECT_EQ(end.error->kind, ErrorKind::kUnavailable);
  EXPECT_EQ(events_.size(), 1U) << "what was complete counts";
}

TEST_F(HttpWatchTest, TheServersEndInsideAnEventIsAFailure) {
  serve_bytes({test::chunked_head(200), test::chunk(std::string(kAdded).substr(0, 30)), "0\r\n\r\n"});
  EXPECT_THAT(end_of().error->detail, HasSubstr("cut inside an event"));
}

TEST_F(HttpWatchTest, GarbageIsAFailure) {
  serve_bytes({test::chunked_head(200), test::chunk("{\"type\":\"ADDED\",]")});
  EXPECT_EQ(end_of().error->kind, ErrorKind::kInvalid);
}

TEST_F(HttpWatchTest, AnEndlessEventIsAFailure) {
  options_.event_bytes_max = 1000;
  serve_bytes({test::chunked_head(200), test::chunk("{\"type\":\"" + std::string(5000, 'x'))});
  EXPECT_THAT(end_of().error->detail, HasSubstr("longer than 1000 bytes"));
}

TEST_F(HttpWatchTest, ASilentServerIsGivenUp) {
  serve([](Peer& peer, const Seen&) { peer.send(test::chunked_head(200) + test::chunk(kAdded)); });
  const auto end = end_of(200ms);
  EXPECT_EQ(end.cause, WatchEnd::Cause::kFailed);
  EXPECT_THAT(end.error->detail, HasSubstr("nothing more came in time"));
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(HttpWatchTest, ExpiryIsToldByTheCodeOrByAnEvent) {
  serve_replies({test::http_reply(410, R"({"kind":"Status","code":410,"reason":"Expired"})")});
  EXPECT_EQ(end_of().cause, WatchEnd::Cause::kExpired);
  EXPECT_EQ(opened_, 0);
  api_.reset();
  end_.reset();
  serve_bytes({test::chunked_head(200),
               test::chunk(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})")});
  EXPECT_EQ(end_of().cause, WatchEnd::Cause::kExpired);
  EXPECT_TRUE(events_.empty());
}

TEST_F(HttpWatchTest, AnErrorEventSaysWhy) {
  serve_bytes({test::chunked_head(200), test::chunk(R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}})")});
  EXPECT_THAT(end_of().error->detail, HasSubstr("etcd is away"));
}

TEST_F(HttpWatchTest, ARefusalNamesTheVerb) {
  serve_replies({test::http_reply(403, R"({"message":"pods is forbidden"})")});
  const auto end = end_of();
  EXPECT_EQ(end.error->kind, ErrorKind::kRefused);
  EXPECT_THAT(end.error->detail, HasSubstr("not allowed to watch pods: pods is forbidden"));
}

TEST_F(HttpWatchTest, ItMayBeDroppedInsideItsEvent) {
  serve_bytes({test::chunked_head(200), test::chunk(std::string(kAdded) + kAdded)});
  int events = 0;
  watch_ = api().watch(watch_request(resources::kPods, {}, "4", 60s), {.opened = nullptr,
                                                                       .event =
                                                                           [&](const WatchEvent&) {
                                                                             ++events;
                                                                             watch_.reset();
                                                                           },
                                                                       .ended = [this](WatchEnd end) { end_ = std::move(end); }});
  EXPECT_TRUE(run_until([&] { return events > 0 && server_->open_connections() == 0; }));
  loop_.run_for(20ms);
  EXPECT_EQ(events, 1);
  EXPECT_FALSE(end_.has_value());
}

}  // namespace
}  // namespace shardkeeper::platform::kube
