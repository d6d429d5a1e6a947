#include "common/tls/certificate_request.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>

#include <array>

namespace shardkeeper::tls {
namespace {

using openssl::Certificate;
using openssl::Key;

// 63 random bits: unique without a counter, and positive as RFC 5280 wants it.
bool set_random_serial(X509* certificate) {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;
  std::uint64_t serial = 0;
  for (const unsigned char byte : bytes) serial = serial << 8U | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

bool set_common_name(X509* certificate, const std::string& name) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(name.data());
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, bytes, static_cast<int>(name.size()),
                                    -1, 0) == 1;
}

bool set_validity(X509* certificate, const Validity& validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), validity.not_before.time_since_epoch().count()) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), validity.not_after.time_since_epoch().count()) != nullptr;
}

// `issuer` is the certificate itself when it is self-signed.
bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const openssl::Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_extensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
  const bool is_authority = request.usage == CertificateUsage::kAuthority;
  bool added =
      add_extension(certificate, issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
      add_extension(certificate, issuer, NID_key_usage, is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
      add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  if (!is_authority) {
    const bool serves = request.usage == CertificateUsage::kServerAndClient;
    added = added && add_extension(certificate, issuer, NID_ext_key_usage, serves ? "serverAuth,clientAuth" : "clientAuth");
  }
  std::string names;
  for (const auto& name : request.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  return added && (names.empty() || add_extension(certificate, issuer, NID_subject_alt_name, names));
}

// `issuer` and `issuer_key` null: self-signed.
Result<MadeCertificate> make_signed(const CertificateRequest& request, X509* issuer, EVP_PKEY* issuer_key) {
  const auto failed = [&] { return unavailable("certificate of " + request.common_name, "cannot be made: " + openssl::take_reason()); };
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate) return failed();
  if (issuer == nullptr) {
    issuer = certificate.get();
    issuer_key = key.get();
  }
  const bool made = X509_set_version(certificate.get(), X509_VERSION_3) == 1 && set_random_serial(certificate.get()) &&
                    set_common_name(certificate.get(), request.common_name) &&
                    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1 &&
                    set_validity(certificate.get(), request.validity) && X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                    add_extensions(certificate.get(), issuer, request) && X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0;
  if (!made) return failed();
  MadeCertificate result{openssl::to_pem(certificate.get()), openssl::to_pem(key.get())};
  if (result.certificate_pem.empty() || result.key_pem.empty()) return failed();
  return result;
}

}  // namespace

Result<MadeCertificate> make_self_signed(const CertificateRequest& request) { return make_signed(request, nullptr, nullptr); }

Result<Identity> issue(const CertificateRequest& request, const std::string& ca_pem, const std::string& ca_key_pem) {
  const auto ca = openssl::parse_certificate("CA certificate", ca_pem);
  if (!ca) return ca.error();
  const auto ca_key = openssl::parse_key("CA key", ca_key_pem);
  if (!ca_key) return ca_key.error();
  const auto made = make_signed(request, ca->get(), ca_key->get());
  if (!made) return made.error();
  return Identity{ca_pem, made->certificate_pem, made->key_pem};
}

std::string common_name_of(X509* certificate) {
  std::array<char, 256> text{};
  const int length =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), static_cast<int>(text.size()));
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

}  // namespace shardkeeper::tls
