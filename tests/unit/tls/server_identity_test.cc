// What a Secret may hold for servers. Certificates of foreign authorities are made here with OpenSSL, as certificate managers make them.
#include "common/tls/server_identity.h"

#include "common/tls/authority.h"
#include "common/tls/openssl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace shardkeeper::tls {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds kIssuedAt = std::chrono::sys_days(std::chrono::year(2030) / 1 / 1);

struct Pair {
  openssl::Certificate certificate;
  openssl::Key key;

  std::string certificate_pem() const { return openssl::to_pem(certificate.get()); }
  std::string key_pem() const { return openssl::to_pem(key.get()); }
};

void add(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid for 90 days from the day before kIssuedAt, an authority for ten years around it. `by`: who signs; null: itself. `usage`: extended key usage; "": none is said.
Pair issue(const std::string& name, bool is_authority, const Pair* by, const char* usage = "") {
  Pair made{openssl::Certificate(X509_new()), openssl::Key(EVP_EC_gen("P-256"))};
  X509* const certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), static_cast<long>(std::hash<std::string>()(name) % 1'000'000));
  std::time_t now = kIssuedAt.time_since_epoch().count();
  X509_time_adj(X509_getm_notBefore(certificate), (is_authority ? -3650L : -1L) * 24 * 3600, &now);
  X509_time_adj(X509_getm_notAfter(certificate), (is_authority ? 3650L : 90L) * 24 * 3600, &now);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(by != nullptr ? by->certificate.get() : certificate));
  X509_set_pubkey(certificate, made.key.get());
  add(certificate, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (*usage != '\0') add(certificate, NID_ext_key_usage, usage);
  X509_sign(certificate, by != nullptr ? by->key.get() : made.key.get(), EVP_sha256());
  return made;
}

std::string verdict(const Identity& identity, std::chrono::sys_seconds now = kIssuedAt) {
  const auto checked = check_server(identity, now);
  return checked ? "good" : to_string(checked.error());
}

class ServerIdentity : public testing::Test {
 protected:
  Pair root_ = issue("root", true, nullptr);
  Pair between_ = issue("between", true, &root_);
  Pair server_ = issue("server", false, &between_, "serverAuth,clientAuth");
  Identity good_{root_.certificate_pem(), server_.certificate_pem() + between_.certificate_pem(), server_.key_pem()};
};

TEST_F(ServerIdentity, MayHaveIntermediates) {
  EXPECT_EQ(verdict(good_), "good");
  Identity bare = good_;
  bare.certificate_pem = server_.certificate_pem();
  EXPECT_THAT(verdict(bare), HasSubstr("unable to get local issuer certificate"));
}

TEST_F(ServerIdentity, MayComeFromAnAuthorityAmongOthers) {
  Identity bundle = good_;
  bundle.ca_pem = issue("old root", true, nullptr).certificate_pem() + "\n# the new one\n" + good_.ca_pem;
  EXPECT_EQ(verdict(bundle), "good") << "as while an authority is replaced";
  bundle.ca_pem = issue("another", true, nullptr).certificate_pem();
  EXPECT_THAT(verdict(bundle), HasSubstr("the chain of tls.crt to ca.crt"));
}

TEST_F(ServerIdentity, EndsWithItsCertificate) {
  EXPECT_EQ(verdict(good_, kIssuedAt + 89 * 24h), "good");
  EXPECT_EQ(verdict(good_, kIssuedAt + 91 * 24h), "tls.crt: certificate has expired");
  EXPECT_EQ(verdict(good_, kIssuedAt - 48h), "tls.crt: certificate is not yet valid");
}

TEST_F(ServerIdentity, ServesBothEndsOfALink) {
  const Pair plain = issue("plain", false, &root_);
  EXPECT_EQ(verdict({root_.certificate_pem(), plain.certificate_pem(), plain.key_pem()}), "good") << "no usage is every usage";
  const Pair half = issue("half", false, &root_, "serverAuth");
  EXPECT_THAT(verdict({root_.certificate_pem(), half.certificate_pem(), half.key_pem()}),
              HasSubstr("it must serve for server auth and for client auth"));
}

TEST_F(ServerIdentity, IsRefusedWithTheFilesName) {
  Identity wrong = good_;
  wrong.key_pem = root_.key_pem();
  EXPECT_EQ(verdict(wrong), "tls.key: belongs to another certificate");
  wrong = good_;
  wrong.certificate_pem = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(verdict(wrong), HasSubstr("tls.crt: is no PEM certificate"));
  wrong = good_;
  wrong.ca_pem += "-----BEGIN CERTIFICATE-----\nhalf written";
  EXPECT_THAT(verdict(wrong), HasSubstr("ca.crt: is no PEM certificate"));
  wrong = good_;
  wrong.ca_pem.clear();
  EXPECT_EQ(verdict(wrong), "ca.crt: is empty; expected PEM text");
}

TEST_F(ServerIdentity, OfOurOwnAuthorityIsGood) {
  const auto agent = Authority::make(ClusterName("cache"), kIssuedAt).value().issue_agent(PodName("cache-a"), kIssuedAt).value();
  EXPECT_EQ(verdict(agent), "good");
}

}  // namespace
}  // namespace shardkeeper::tls
