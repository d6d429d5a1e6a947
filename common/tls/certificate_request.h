// Making one certificate with a fresh ECDSA P-256 key. Inside common/tls only; authority.h says which ones are made.
#pragma once

#include "common/error/result.h"
#include "common/tls/identity.h"
#include "common/tls/openssl.h"

#include <chrono>
#include <string>
#include <vector>

namespace shardkeeper::tls {

// Certificates begin earlier than they are made: the clock of the worker that checks one may be behind.
inline constexpr std::chrono::hours kClockSkew{1};

enum class CertificateUsage {
  kAuthority,  // signs others, itself no end of a connection
  kClient,     // opens connections only
  kServerAndClient,
};

struct CertificateRequest {
  std::string common_name;             // at most 64 bytes
  std::vector<std::string> dns_names;  // subject alternative names
  CertificateUsage usage = CertificateUsage::kClient;
  Validity validity;
};

struct MadeCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

// ERRORS kUnavailable: OpenSSL's reason (no randomness, no memory).
Result<MadeCertificate> make_self_signed(const CertificateRequest& request);
// Signed by the CA. ERRORS kInvalid: the CA's PEM; kUnavailable.
Result<Identity> issue(const CertificateRequest& request, const std::string& ca_pem, const std::string& ca_key_pem);

// "" when there is none.
std::string common_name_of(X509* certificate);

}  // namespace shardkeeper::tls
