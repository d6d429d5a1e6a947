// One request over TLS, for tests: as a client that checks who answers.
#pragma once

#include "common/error/result.h"
#include "common/tls/identity.h"

#include <cstdint>
#include <string>

namespace shardkeeper::test {

struct TlsAnswer {
  std::string text;             // the first piece of at most 4 KiB
  std::string certificate_pem;  // of who answered
};

// Trusts the identity's authority and no other. `shows_certificate`: its own, too. Five seconds at most.
// ERRORS kUnavailable: no connection, no handshake, or it was closed without an answer.
Result<TlsAnswer> tls_exchange(const std::string& ip, std::uint16_t port, const tls::Identity& identity, bool shows_certificate,
                               const std::string& request);

}  // namespace shardkeeper::test
