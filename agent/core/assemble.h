// Puts together what the agent reports: the kernel's word on the process, what is remembered of the server, what it was told. Pure.
#pragma once

#include "agent/core/core_config.h"
#include "agent/core/server_memory.h"

#include <optional>
#include <string>

namespace shardkeeper::agent {

struct Known {
  const CoreConfig& config;
  const ServerMemory& memory;
  GateState gate;
  FenceToken token_max;
  std::optional<LastLife> last_life;  // of the process that ended; used only while none runs
  std::string launch_error;           // as Volume::launch_error
  bool was_ready = false;
  TimePoint now;
  std::optional<MigrationProgress> migration;
  std::uint64_t functions_hash = 0;
  std::uint64_t settings_hash = 0;
  std::vector<SettingNotInForce> settings_not_in_force;
  bool users_are_set = true;
  std::string users_trouble;
  std::string tls_trouble;
};

// Everything but `nonce` and `view`, which differ between watchers.
NodeState assemble(const Known& known);

// What is worth keeping of a running server for the time after it. None while its id is not known.
std::optional<LastLife> life_of(const NodeState& state);
// The same but for offsets and link states, which change too often to be written.
bool is_same_life(const LastLife& a, const LastLife& b);

}  // namespace shardkeeper::agent
