// What a server needs for TLS with clients and other servers: an Identity of anybody's authority, as certificate managers write it.
#pragma once

#include "common/error/result.h"
#include "common/tls/identity.h"

#include <chrono>
#include <filesystem>

namespace shardkeeper::tls {

// ERRORS kInvalid unless the key is that of the first certificate in certificate_pem, and a chain from it, over the others there, to a
// certificate in ca_pem holds at `now`, for a server and for a client: servers connect to each other.
Result<void> check_server(const Identity& identity, std::chrono::sys_seconds now);

// Files as of read_identity. ERRORS kNotFound: a file is missing; kUnavailable: cannot be read; kInvalid: as check_server.
Result<Identity> read_server_identity(const std::filesystem::path& dir, std::chrono::sys_seconds now);

}  // namespace shardkeeper::tls
