#include "common/tls/authority.h"

#include "common/tls/certificate_request.h"
#include "common/tls/openssl.h"

#include <gtest/gtest.h>

namespace shardkeeper::tls {
namespace {

constexpr std::chrono::sys_seconds kNow = std::chrono::sys_days(std::chrono::year(2030) / 1 / 1);
const ClusterName kCluster("cache");

Authority an_authority(const ClusterName& cluster = kCluster) { return Authority::make(cluster, kNow).value(); }

// Whether OpenSSL itself, with only `ca_pem` trusted, takes the certificate for this use and name at `at`.
bool is_accepted(const std::string& ca_pem, const std::string& certificate_pem, int purpose, const std::string& name,
                 std::chrono::sys_seconds at = kNow) {
  const auto ca = openssl::parse_certificate("ca", ca_pem);
  const auto certificate = openssl::parse_certificate("certificate", certificate_pem);
  const std::unique_ptr<X509_STORE, openssl::Deleter<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, openssl::Deleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_add_cert(store.get(), ca->get());
  X509_STORE_CTX_init(context.get(), store.get(), certificate->get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, at.time_since_epoch().count());
  X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
  return X509_verify_cert(context.get()) == 1;
}

TEST(Authority, IssuesAnAgentThatServesAndCalls) {
  const auto authority = an_authority();
  const auto agent = authority.issue_agent(PodName("cache-7x2kq"), kNow).value();
  EXPECT_TRUE(check(agent));
  for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT})
    for (const char* name : {"cache-7x2kq.cache.shardkeeper", "agent.cache.shardkeeper"})
      EXPECT_TRUE(is_accepted(authority.certificate_pem(), agent.certificate_pem, purpose, name)) << purpose << name;
  EXPECT_FALSE(is_accepted(authority.certificate_pem(), agent.certificate_pem, X509_PURPOSE_SSL_CLIENT, "coordinator.cache.shardkeeper"));
  EXPECT_FALSE(is_accepted(authority.certificate_pem(), agent.certificate_pem, X509_PURPOSE_SSL_SERVER, "cache-other.cache.shardkeeper"));
}

TEST(Authority, IssuesACoordinatorThatCallsOnly) {
  const auto authority = an_authority();
  const auto coordinator = authority.issue_coordinator(kNow).value();
  EXPECT_TRUE(
      is_accepted(authority.certificate_pem(), coordinator.certificate_pem, X509_PURPOSE_SSL_CLIENT, "coordinator.cache.shardkeeper"));
  EXPECT_FALSE(
      is_accepted(authority.certificate_pem(), coordinator.certificate_pem, X509_PURPOSE_SSL_SERVER, "coordinator.cache.shardkeeper"));
}

TEST(Authority, TrustEndsAtTheCluster) {
  const auto agent = an_authority().issue_agent(PodName("cache-a"), kNow).value();
  EXPECT_FALSE(is_accepted(an_authority().certificate_pem(), agent.certificate_pem, X509_PURPOSE_SSL_CLIENT, "cache-a.cache.shardkeeper"));
}

TEST(Authority, ACertificateIssuedByItCannotIssue) {
  const auto authority = an_authority();
  const auto agent = authority.issue_agent(PodName("cache-a"), kNow).value();
  EXPECT_FALSE(Authority::parse(kCluster, agent.certificate_pem, agent.key_pem));
}

TEST(Authority, LivesTenYearsAndItsCertificatesOne) {
  const auto authority = an_authority();
  const auto agent = authority.issue_agent(PodName("cache-a"), kNow).value();
  const auto ca_life = validity_of(authority.certificate_pem()).value();
  const auto life = validity_of(agent.certificate_pem).value();
  EXPECT_EQ(ca_life.not_after - kNow, std::chrono::days(3650));
  EXPECT_EQ(life.not_after - kNow, std::chrono::days(365));
  EXPECT_EQ(kNow - life.not_before, std::chrono::hours(1));
  const std::string name = "cache-a.cache.shardkeeper";
  const auto accepted_at = [&](auto at) {
    return is_accepted(authority.certificate_pem(), agent.certificate_pem, X509_PURPOSE_SSL_SERVER, name, at);
  };
  EXPECT_TRUE(accepted_at(kNow - std::chrono::minutes(59)));
  EXPECT_FALSE(accepted_at(kNow - std::chrono::minutes(61)));
  EXPECT_TRUE(accepted_at(kNow + std::chrono::days(364)));
  EXPECT_FALSE(accepted_at(kNow + std::chrono::days(366)));
}

TEST(Authority, IsReadBackFromItsPem) {
  const auto made = an_authority();
  const auto read = Authority::parse(kCluster, made.certificate_pem(), made.key_pem()).value();
  const auto agent = read.issue_agent(PodName("cache-a"), kNow).value();
  EXPECT_TRUE(is_accepted(made.certificate_pem(), agent.certificate_pem, X509_PURPOSE_SSL_SERVER, "cache-a.cache.shardkeeper"));
}

TEST(Authority, RefusesPemThatIsNotItsOwn) {
  const auto made = an_authority();
  const auto other = an_authority(ClusterName("other"));
  struct Case {
    std::string says, certificate, key, reason;
  };
  const std::vector<Case> cases{
      {"empty", "", made.key_pem(), "CA certificate: is empty; expected PEM text"},
      {"no PEM", "hello", made.key_pem(), "CA certificate: is no PEM certificate: no start line"},
      {"half a certificate", made.certificate_pem().substr(0, 300), made.key_pem(), "CA certificate: is no PEM certificate:"},
      {"too long", std::string(70'000, 'x'), made.key_pem(), "CA certificate: is 70000 bytes long; at most 65536"},
      {"no key", made.certificate_pem(), made.certificate_pem(), "CA key: is no PEM private key:"},
      {"key of another", made.certificate_pem(), other.key_pem(), "CA key: belongs to another certificate"},
      {"CA of another cluster", other.certificate_pem(), other.key_pem(), "CA certificate: is that of \"Shardkeeper CA of other\""},
  };
  for (const auto& [says, certificate, key, reason] : cases) {
    const auto parsed = Authority::parse(kCluster, certificate, key);
    ASSERT_FALSE(parsed) << says;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalid) << says;
    EXPECT_TRUE(to_string(parsed.error()).starts_with(reason)) << says << ": " << to_string(parsed.error());
  }
}

TEST(Authority, MayBeSomebodyElsesThatHasSignedItself) {
  const CertificateRequest request{
      .common_name = "cert-manager's", .usage = CertificateUsage::kAuthority, .validity = {kNow, kNow + std::chrono::days(90)}};
  const auto made = make_self_signed(request).value();
  const auto adopted = Authority::adopt(kCluster, made.certificate_pem, made.key_pem);
  ASSERT_TRUE(adopted) << to_string(adopted.error());
  const auto agent = adopted->issue_agent(PodName("cache-a"), kNow).value();
  EXPECT_TRUE(is_accepted(made.certificate_pem, agent.certificate_pem, X509_PURPOSE_SSL_SERVER, "cache-a.cache.shardkeeper"));
  EXPECT_TRUE(check({an_authority().certificate_pem() + made.certificate_pem, agent.certificate_pem, agent.key_pem}))
      << "one of two has signed it";
  EXPECT_FALSE(check({an_authority().certificate_pem(), agent.certificate_pem, agent.key_pem}));

  const auto child = issue(request, made.certificate_pem, made.key_pem).value();
  const auto refused = Authority::adopt(kCluster, child.certificate_pem, child.key_pem);
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()), "CA certificate: is signed by another authority; one that has signed itself is needed");
  EXPECT_FALSE(Authority::adopt(kCluster, agent.certificate_pem, agent.key_pem)) << "no authority";
}

TEST(Authority, RefusesNamesThatMeanSomethingElse) {
  const auto authority = an_authority();
  for (const char* name : {"", "coordinator", "agent", "Cache-a", "a.b", "-a", "a-", "a,DNS:coordinator"}) {
    const auto issued = authority.issue_agent(PodName(name), kNow);
    ASSERT_FALSE(issued) << name;
    EXPECT_EQ(issued.error().kind, ErrorKind::kInvalid);
  }
  EXPECT_FALSE(authority.issue_agent(PodName(std::string(64, 'a')), kNow));
  EXPECT_TRUE(authority.issue_agent(PodName(std::string(63, 'a')), kNow));
  EXPECT_FALSE(Authority::make(ClusterName("no.label"), kNow));
  EXPECT_TRUE(Authority::make(ClusterName(std::string(63, 'c')), kNow));
}

}  // namespace
}  // namespace shardkeeper::tls
