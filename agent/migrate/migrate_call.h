// MIGRATE: the command, and what its answers mean. Pure.
#pragma once

#include "agent/decide/render_config.h"
#include "common/types/endpoint.h"
#include "common/valkey/reply.h"

#include <chrono>
#include <string>
#include <vector>

namespace shardkeeper::agent {

// Keys of one slot, moved by one MIGRATE.
struct KeyBatch {
  int slot = 0;
  std::vector<std::string> keys;
  std::uint64_t bytes = 0;  // as the server estimates them

  bool operator==(const KeyBatch&) const = default;
};

// REPLACE: where both ends hold a key, the owner's copy wins. It is the one that clients see: an importing node is asked only for keys that
// the owner does not hold. So what the other end has is a copy whose arrival was not acknowledged.
std::vector<std::string> migrate_call(const KeyBatch& batch, const Endpoint& target, const Login& login, std::chrono::milliseconds timeout);

enum class MigrateAnswer {
  kMoved,     // or gone meanwhile
  kTryAgain,  // the connection to the target, or something that passes: keys may be on both ends
  kOneByOne,  // the target refused something in the batch: which key, only single ones tell
  kGiveUp,    // no key of any slot would fare better: rights, memory, a server without MIGRATE
};
MigrateAnswer read_migrate_answer(const valkey::Reply& reply);

// "MIGRATE of key \"user:1\" in slot 5: OOM …": of the batch's first key where there are several.
std::string describe_failure(const KeyBatch& batch, const std::string& reason);

}  // namespace shardkeeper::agent
