// Why an address cannot be listened on: gRPC says only that it failed. Inside common/rpc only.
#pragma once

#include "common/error/result.h"

#include <string>

namespace shardkeeper::rpc {

// Tries to listen on ip:port and stops at once. ERRORS kInvalid: no ip:port; kUnavailable: the system's reason (address in use …).
Result<void> check_can_listen(const std::string& address);

}  // namespace shardkeeper::rpc
