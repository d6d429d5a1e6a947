// Between this node's server and one that it moves keys to.
#pragma once

#include "common/error/result.h"
#include "common/types/endpoint.h"

#include <functional>
#include <memory>

namespace shardkeeper::agent {

// What happens to a MIGRATE on its way: nothing, or it is translated for a server that is too old for the dumps in it (older_dump.h).
enum class RelayKind { kPlain, kTranslating };

// Listens until destroyed; that ends its connections.
class Relay {
 public:
  virtual ~Relay() = default;
  // The MIGRATE under way is answered with an error as soon as its server has sent all of it, which goes nowhere any more. Closing the connection
  // instead would make the server dump its keys again and try once more.
  virtual void cut() = 0;
  virtual Endpoint endpoint() const = 0;  // for MIGRATE in place of the target's
};

// Opens one to `target`. ERRORS kUnavailable. Empty: there is none.
using OpenRelay = std::function<Result<std::unique_ptr<Relay>>(const Endpoint& target, RelayKind kind)>;

}  // namespace shardkeeper::agent
