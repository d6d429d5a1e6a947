#include "common/tls/server_identity.h"

#include "common/tls/openssl.h"

#include <vector>

namespace shardkeeper::tls {
namespace {

using openssl::Certificate;
using Store = std::unique_ptr<X509_STORE, openssl::Deleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, openssl::Deleter<X509_STORE_CTX_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // its certificates have owners
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

struct Chain {
  std::vector<Certificate> certificates;  // the server's, and what its authority put beside it
  std::vector<Certificate> authorities;
};

// `usage` in OpenSSL's words: ssl_server, ssl_client.
Result<void> verify(const Chain& chain, const char* usage, std::chrono::sys_seconds now) {
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  const Stack between(sk_X509_new_null());
  if (!store || !context || !between) return unavailable("certificate", "no memory to verify it");
  for (const auto& authority : chain.authorities) X509_STORE_add_cert(store.get(), authority.get());
  for (const auto& certificate : chain.certificates) sk_X509_push(between.get(), certificate.get());
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.certificates.front().get(), between.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), usage) != 1)
    return unavailable("certificate", openssl::take_reason());
  X509_STORE_CTX_set_time(context.get(), 0, now.time_since_epoch().count());
  if (X509_verify_cert(context.get()) == 1) return {};
  const int reason = X509_STORE_CTX_get_error(context.get());
  std::string told = X509_verify_cert_error_string(reason);
  if (reason == X509_V_ERR_INVALID_PURPOSE) told += ": servers connect to each other, so it must serve for server auth and for client auth";
  return invalid(X509_STORE_CTX_get_error_depth(context.get()) == 0 ? kCertificateFile : "the chain of tls.crt to ca.crt", std::move(told));
}

}  // namespace

Result<void> check_server(const Identity& identity, std::chrono::sys_seconds now) {
  auto authorities = openssl::parse_certificates(kCaFile, identity.ca_pem);
  if (!authorities) return authorities.error();
  auto certificates = openssl::parse_certificates(kCertificateFile, identity.certificate_pem);
  if (!certificates) return certificates.error();
  const auto key = openssl::parse_key(kKeyFile, identity.key_pem);
  if (!key) return key.error();
  if (X509_check_private_key(certificates->front().get(), key->get()) != 1) return invalid(kKeyFile, "belongs to another certificate");
  const Chain chain{*std::move(certificates), *std::move(authorities)};
  for (const char* const usage : {"ssl_server", "ssl_client"})
    if (auto held = verify(chain, usage, now); !held) return held;
  return {};
}

Result<Identity> read_server_identity(const std::filesystem::path& dir, std::chrono::sys_seconds now) {
  auto identity = read_identity_files(dir);
  if (!identity) return identity;
  if (const auto checked = check_server(*identity, now); !checked) return checked.error();
  return identity;
}

}  // namespace shardkeeper::tls
