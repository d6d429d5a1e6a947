// Whom the client believes. The server's certificate says "agent.c.shardkeeper"; that it answers on 127.0.0.1 does not matter.
#include "tests/unit/kube/http_fixture.h"

#include "common/tls/authority.h"

#include <gmock/gmock.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;
using Peer = test::FakeHttpServer::Peer;
using Seen = test::FakeHttpServer::Seen;

const Request kRead{.path = "/api/v1/pods"};

class TlsTest : public HttpFixture {
 protected:
  tls::Authority authority(const char* cluster) { return tls::Authority::make(ClusterName{cluster}, now()).value(); }
  std::chrono::sys_seconds now() const { return std::chrono::sys_seconds(std::chrono::seconds(scheduler_.unix_ms() / 1000)); }

  void serve_as(const tls::Identity& identity) {
    serve([](Peer& peer, const Seen&) { peer.send(test::http_reply(200, "{}")); }, identity);
    config_.is_tls = true;
    config_.server_name = "agent.c.shardkeeper";
  }

  const tls::Authority ours_ = authority("c");
};

TEST_F(TlsTest, BelievesAServerOfItsAuthority) {
  serve_as(ours_.issue_agent(PodName{"p"}, now()).value());
  config_.ca_pem = ours_.certificate_pem();
  EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_TRUE(ask(kRead).has_value());
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(TlsTest, RefusesAnotherName) {
  serve_as(ours_.issue_agent(PodName{"p"}, now()).value());
  config_.ca_pem = ours_.certificate_pem();
  config_.server_name = "kubernetes.default";
  const auto error = error_of(kRead);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.detail, HasSubstr("is not accepted: hostname mismatch"));
  EXPECT_TRUE(server_->seen().empty()) << "no token was sent";
}

TEST_F(TlsTest, RefusesAnAddressThatIsNotInTheCertificate) {
  serve_as(ours_.issue_agent(PodName{"p"}, now()).value());
  config_.ca_pem = ours_.certificate_pem();
  config_.server_name = "127.0.0.1";
  EXPECT_THAT(error_of(kRead).detail, HasSubstr("IP address mismatch"));
}

TEST_F(TlsTest, RefusesAnotherAuthority) {
  const auto other = authority("c");
  serve_as(other.issue_agent(PodName{"p"}, now()).value());
  config_.ca_pem = ours_.certificate_pem();
  EXPECT_THAT(error_of(kRead).detail, HasSubstr("is not accepted: "));
  EXPECT_TRUE(server_->seen().empty());
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
  serve_as(ours_.issue_agent(PodName{"p"}, now() - std::chrono::years(2)).value());
  config_.ca_pem = ours_.certificate_pem();
  EXPECT_THAT(error_of(kRead).detail, HasSubstr("certificate has expired"));
}

TEST_F(TlsTest, AServerWithoutTlsIsNotSpokenTo) {
  serve([](Peer& peer, const Seen&) { peer.send(test::http_reply(200, "{}")); });
  config_.is_tls = true;
  config_.ca_pem = ours_.certificate_pem();
  options_.connect_max = 500ms;
  EXPECT_EQ(error_of(kRead).kind, ErrorKind::kUnavailable);
}

TEST_F(TlsTest, CertificatesThatAreNoneAreRefusedAtOnce) {
  config_.source = "file.conf";
  config_.ca_pem = "rubbish";
  auto opened = HttpApi::open(loop_, scheduler_, config_, {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(to_string(opened.error()), HasSubstr("file.conf: certificate-authority cannot be used"));
}

TEST_F(TlsTest, AKeyOfAnotherCertificateIsRefusedAtOnce) {
  config_.ca_pem = ours_.certificate_pem();
  config_.certificate_pem = ours_.issue_coordinator(now()).value().certificate_pem;
  config_.key_pem = ours_.issue_coordinator(now()).value().key_pem;
  auto opened = HttpApi::open(loop_, scheduler_, config_, {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(to_string(opened.error()), HasSubstr("client-key"));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
