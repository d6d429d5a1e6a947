#include "agent/core/assemble.h"

#include "agent/decide/fence.h"

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;

milliseconds to_ms(Duration duration) { return std::chrono::duration_cast<milliseconds>(duration); }

ServerCondition condition_of(const Known& known) {
  if (!known.gate.lock_held) return ServerCondition::kDown;
  const auto last_answer = known.memory.last_answer();
  if (!last_answer || known.memory.myself() == nullptr) return ServerCondition::kStarting;
  if (known.now - *last_answer >= known.config.hung_after) return ServerCondition::kHung;
  return known.memory.round()->is_loading ? ServerCondition::kLoading : ServerCondition::kUp;
}

void fill_from_server(NodeState& state, const Known& known) {
  const ServerMemory& memory = known.memory;
  const Round& round = *memory.round();
  const RoundDetail& detail = *memory.detail();
  const NodeRow& self = *memory.myself();
  state.node_id = self.id;
  state.version = detail.version;
  state.role = self.role;
  state.primary_id = self.primary_id;
  state.cluster_state_ok = round.cluster.state_ok;
  state.config_epoch = self.config_epoch;
  state.current_epoch = round.cluster.current_epoch;
  if (self.role == Role::kPrimary) state.slots = self.slots;
  state.open_slots = detail.nodes.open_slots;
  state.replication = round.replication.replication;
  // INFO and CLUSTER NODES may disagree for a moment; what does not belong to the role is left out.
  if (self.role == Role::kPrimary) {
    state.replication.link_up = false;
    state.replication.sync_in_progress = false;
    state.replication.link_down_for = milliseconds(0);
  } else {
    if (round.replication.role == Role::kPrimary) state.replication.link_up = false;
    state.replication.online_replicas.clear();
    state.replication.has_synced = memory.has_synced();
    if (!state.replication.link_up)
      state.replication.link_down_for = std::max(state.replication.link_down_for, to_ms(memory.out_of_sync_for(known.now)));
  }
  state.keys = detail.numbers.keys;
  state.memory_used_bytes = detail.numbers.memory_used_bytes;
  state.memory_max_bytes = detail.numbers.memory_max_bytes;
  state.node_timeout = detail.node_timeout;
  state.fenced = detail.min_replicas_to_write >= kFenceReplicas;
  state.functions_hash = known.functions_hash;
  state.settings_hash = known.settings_hash;
  state.settings_not_in_force = known.settings_not_in_force;
  state.users_trouble = known.users_trouble;
  state.view_hash = memory.view_hash();
}

ReadinessHistory history_of(const Known& known) {
  ReadinessHistory history;
  history.was_ready = known.was_ready;
  if (const RoundDetail* detail = known.memory.detail()) history.other_members = static_cast<int>(detail->nodes.view.rows.size()) - 1;
  history.cluster_fail_for = to_ms(known.memory.cluster_fail_for(known.now));
  history.out_of_sync_for = to_ms(known.memory.out_of_sync_for(known.now));
  history.holds_shard_data = known.memory.holds_shard_data();
  history.is_streaming = known.memory.is_streaming(known.now);
  history.launch_error = known.launch_error;
  history.users_are_set = known.users_are_set;
  return history;
}

// What was lost with the process before is told until this one has slots or a primary: a coordinator that starts meanwhile must know.
bool is_successor_with_nothing(const NodeState& state, const std::optional<LastLife>& last_life) {
  return last_life && state.node_id && state.node_id != last_life->node_id && state.role == Role::kPrimary && state.slots.empty();
}

}  // namespace

NodeState assemble(const Known& known) {
  NodeState state;
  state.pod = known.config.pod;
  state.token_max = known.token_max;
  state.gate = known.gate;
  state.announced = known.config.announced;
  state.tls_trouble = known.tls_trouble;
  state.condition = condition_of(known);
  if (state.condition == ServerCondition::kDown)
    state.last_life = known.last_life;
  else if (state.condition != ServerCondition::kStarting)
    fill_from_server(state, known);
  if (is_successor_with_nothing(state, known.last_life)) state.last_life = known.last_life;
  state.migration = known.migration;
  state.readiness = decide_readiness(state, history_of(known), known.config.readiness);
  return state;
}

std::optional<LastLife> life_of(const NodeState& state) {
  if (!state.node_id) return std::nullopt;
  return LastLife{*state.node_id, state.role, state.slots, state.replication};
}

bool is_same_life(const LastLife& a, const LastLife& b) {
  const auto normal = [](LastLife life) {
    life.replication.offset_bytes = 0;
    life.replication.link_up = false;
    life.replication.sync_in_progress = false;
    life.replication.link_down_for = milliseconds(0);
    for (auto& replica : life.replication.online_replicas) replica.offset_bytes = 0;
    return life;
  };
  return normal(a) == normal(b);
}

}  // namespace shardkeeper::agent
