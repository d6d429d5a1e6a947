// TLS of connections to the API server: whom we believe and who we are.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/kube/client/config.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace shardkeeper::platform::kube {

// TLS 1.2 or newer; the server's certificate must be signed by config.ca_pem (the system's trust store where there is none).
// Null for a server without TLS. ERRORS kInvalid: names the certificate or key that is none, and the key that is another's.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const Config& config);

// For one connection: its name is checked against the certificate, an address as an address. ERRORS kInvalid: no such name is possible.
Result<void> demand_name(SSL* connection, const std::string& name);

// Why the other side's certificate was refused; "" when it was not.
std::string refusal_of(SSL* connection);

}  // namespace shardkeeper::platform::kube
