// How many keys each slot of this server holds, over all databases (CLUSTER SLOT-STATS).
#pragma once

#include "agent/core/alive.h"
#include "common/types/slot_set.h"
#include "common/valkey/server_port.h"

#include <functional>
#include <map>

namespace shardkeeper::agent {

using SlotCounts = std::map<int, std::uint64_t>;

// Reads one reply into `counts`. ERRORS kInvalid: not such a reply. Pure.
Result<void> read_slot_counts(const valkey::Reply& reply, SlotCounts& counts);

// Asks for `slots` (owned ones only are counted) in pages of at most 1,024 slots, so that no page stalls the server for more than half a
// millisecond. `done` comes later, or never once `alive` has expired.
void count_keys(valkey::ServerPort& server, const SlotSet& slots, const Alive& alive, std::function<void(Result<SlotCounts>)> done);

// The first of `slots`, as many as stay within both bounds, but at least one. Slots that are not in `counts` hold nothing. Pure.
SlotSet first_slots(const SlotSet& slots, const SlotCounts& counts, int slots_max, std::uint64_t keys_max);

inline std::uint64_t total_of(const SlotCounts& counts) {
  std::uint64_t total = 0;
  for (const auto& [slot, keys] : counts) total += keys;
  return total;
}

inline std::uint64_t keys_in(const SlotCounts& counts, int slot) {
  const auto known = counts.find(slot);
  return known != counts.end() ? known->second : 0;
}

}  // namespace shardkeeper::agent
