// Whether a unix socket can be listened on: gRPC would take it away from whoever does. Inside common/rpc only.
#pragma once

#include "common/error/result.h"

#include <filesystem>

namespace shardkeeper::rpc {

inline constexpr std::size_t kSocketPathBytesMax = 107;  // sockaddr_un, less its closing zero

// ERRORS kInvalid: too long, or something else than a socket stands there; kConflict: somebody listens; kUnavailable: the
// folder is missing or not writable.
Result<void> check_can_listen_on_socket(const std::filesystem::path& path);

// ERRORS kInvalid: too long; kUnavailable: nobody listens there, with the system's reason.
Result<void> check_somebody_listens(const std::filesystem::path& path);

}  // namespace shardkeeper::rpc
