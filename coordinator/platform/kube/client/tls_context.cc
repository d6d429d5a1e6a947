#include "coordinator/platform/kube/client/tls_context.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace shardkeeper::platform::kube {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

// A key with a pass phrase would make OpenSSL ask on the terminal.
int no_pass_phrase(char*, int, int, void*) { return 0; }

asio::const_buffer bytes_of(const std::string& pem) { return asio::buffer(pem.data(), pem.size()); }

Error bad(const Config& config, const char* thing, const boost::system::error_code& why) {
  return invalid(config.source, std::string(thing) + " cannot be used: " + why.message());
}

bool is_address(const std::string& name) {
  boost::system::error_code none;
  asio::ip::make_address(name, none);
  return !none;
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const Config& config) {
  if (!config.is_tls) return std::unique_ptr<ssl::context>();
  ERR_clear_error();
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  boost::system::error_code failed;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(context->native_handle(), no_pass_phrase);
  context->set_verify_mode(ssl::verify_peer, failed);
  if (config.ca_pem.empty()) {
    context->set_default_verify_paths(failed);
    if (failed) return bad(config, "the system's trust store", failed);
  } else {
    context->add_certificate_authority(bytes_of(config.ca_pem), failed);
    if (failed) return bad(config, "certificate-authority", failed);
  }
  if (config.certificate_pem.empty()) return context;
  context->use_certificate_chain(bytes_of(config.certificate_pem), failed);
  if (failed) return bad(config, "client-certificate", failed);
  context->use_private_key(bytes_of(config.key_pem), ssl::context::pem, failed);
  if (failed) return bad(config, "client-key", failed);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    ERR_clear_error();
    return invalid(config.source, "client-key is not the key of client-certificate");
  }
  return context;
}

Result<void> demand_name(SSL* connection, const std::string& name) {
  X509_VERIFY_PARAM* const rules = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_set = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                                       : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1;
  if (!is_set) return invalid(name, "is no name that a certificate can have");
  // An address is no server name in TLS (RFC 6066).
  // The call that the macro SSL_set_tlsext_host_name makes; OpenSSL copies the name.
  if (!is_address(name)) SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
  return {};
}

std::string refusal_of(SSL* connection) {
  const long result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace shardkeeper::platform::kube
