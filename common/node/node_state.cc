#include "common/node/node_state.h"

namespace shardkeeper {

NodeState without_counters(NodeState state) {
  state.replication.offset_bytes = 0;
  state.replication.link_down_for = std::chrono::milliseconds(0);
  for (auto& replica : state.replication.online_replicas) replica.offset_bytes = 0;
  if (state.last_life) state.last_life->replication.link_down_for = std::chrono::milliseconds(0);
  state.keys = 0;
  state.memory_used_bytes = 0;
  if (state.migration) {
    state.migration->slots_done = {};
    state.migration->keys_total = 0;
    state.migration->keys_done = 0;
    state.migration->bytes_done = 0;
  }
  state.readiness.detail.clear();
  return state;
}

}  // namespace shardkeeper
