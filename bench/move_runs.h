// One move of slots between two primaries on this machine: by our agents, by valkey-cli, or by the server's bare command; with clients that
// write all the time, or without.
#pragma once

#include "common/node/migration.h"
#include "tests/support/valkey_binaries.h"

#include <cstdint>
#include <string>
#include <vector>

namespace shardkeeper::bench {

// What is moved: the first `slots` slots, each with `keys` values of `bytes`.
struct Load {
  std::string name;
  int slots;
  int keys;
  std::size_t bytes;
  int replicas;                                                     // of each primary
  enum class Clients { kNone, kWriting } clients = Clients::kNone;  // to all slots of the first third, which the source serves at the start

  double mb() const { return static_cast<double>(slots) * keys * static_cast<double>(bytes) / 1e6; }
  std::uint64_t key_count() const { return static_cast<std::uint64_t>(slots) * static_cast<std::uint64_t>(keys); }
};

struct MoveRun {
  double seconds = 0;
  // Of the clients: 0 without.
  double writes_per_second_before = 0;
  double writes_per_second_during = 0;

  double loss_percent() const;
  // What clients would have written besides, had nothing been moved.
  double writes_lost() const { return (writes_per_second_before - writes_per_second_during) * seconds; }
};

// Each makes its servers anew and fills them. Throw std::runtime_error when the move fails, keys are missing or a write of a client is lost.
MoveRun run_ours(test::ValkeyLine line, const Load& load, MigrationEngine engine);
MoveRun run_bare(test::ValkeyLine line, const Load& load);
MoveRun run_valkey_cli(test::ValkeyLine line, const Load& load, const std::vector<std::string>& options);

}  // namespace shardkeeper::bench
