// OpenSSL objects as owners, and PEM in and out. Inside common/tls only.
#pragma once

#include "common/error/result.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::tls::openssl {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

inline constexpr std::size_t kPemBytesMax = 64 * 1024;

// ERRORS kInvalid; `where` names the thing in the error.
Result<Certificate> parse_certificate(const std::string& where, std::string_view pem);
// One or more, in their order; what stands between them is passed over.
Result<std::vector<Certificate>> parse_certificates(const std::string& where, std::string_view pem);
Result<Key> parse_key(const std::string& where, std::string_view pem);

// Empty when memory runs out.
std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* key);

// The newest reason in OpenSSL's own queue, which is emptied; "unknown reason" when it is empty.
std::string take_reason();

}  // namespace shardkeeper::tls::openssl
