// Between this node's server and an older one that it moves keys to: what MIGRATE sends is translated on its way (older_dump.h).
#pragma once

#include "common/error/result.h"
#include "common/types/endpoint.h"

#include <functional>
#include <memory>

namespace shardkeeper::agent {

// Listens until destroyed; that ends its connections.
class Relay {
 public:
  virtual ~Relay() = default;
  virtual Endpoint endpoint() const = 0;  // for MIGRATE in place of the target's
};

// Opens one to `target`. ERRORS kUnavailable. Empty: there is none.
using OpenRelay = std::function<Result<std::unique_ptr<Relay>>(const Endpoint& target)>;

}  // namespace shardkeeper::agent
