#include "common/rpc/convert/node_state.h"

#include "common/rpc/convert/migration.h"
#include "common/rpc/convert/reader.h"
#include "common/rpc/convert/topology.h"

#include <algorithm>

namespace shardkeeper::rpc::convert {

static_assert(pb::SERVER_CONDITION_DOWN == static_cast<int>(ServerCondition::kDown) + 1);
static_assert(pb::SERVER_CONDITION_HUNG == static_cast<int>(ServerCondition::kHung) + 1);
static_assert(pb::READY_REASON_GATE_SHUT == static_cast<int>(ReadyReason::kGateShut) + 1);
static_assert(pb::READY_REASON_READY == static_cast<int>(ReadyReason::kReady) + 1);

namespace {

using Empty = Reader::Empty;

void write_gate(const GateState& gate, pb::GateState& out) {
  out.set_lock_held(gate.lock_held);
  out.set_start_granted(gate.start_granted);
  if (!gate.request) return;
  out.mutable_request()->set_start_id(gate.request->id.value);
  out.mutable_request()->set_server_version(to_string(gate.request->version));
}

ServerVersion read_version(Reader& read, const std::string& text) {
  return read.nested("server_version", ServerVersion::parse(text)).value_or(ServerVersion{});
}

GateState read_gate(Reader& read, const pb::GateState& in) {
  GateState gate{.lock_held = in.lock_held(), .start_granted = in.start_granted()};
  if (in.has_request())
    gate.request = StartRequest{.id = StartId(read.text("gate.request.start_id", in.request().start_id(), Empty::kRefused, kNameBytesMax)),
                                .version = read_version(read, in.request().server_version())};
  return gate;
}

void write_replication(const Replication& replication, pb::Replication& out) {
  out.set_replication_id(replication.replication_id);
  out.set_offset_bytes(replication.offset_bytes);
  out.set_link_up(replication.link_up);
  out.set_link_down_for_ms(to_wire_ms(replication.link_down_for));
  out.set_sync_in_progress(replication.sync_in_progress);
  out.set_has_synced(replication.has_synced);
  for (const auto& replica : replication.online_replicas) {
    auto& added = *out.add_online_replicas();
    to_proto(replica.endpoint, *added.mutable_endpoint());
    added.set_offset_bytes(replica.offset_bytes);
  }
}

Replication read_replication(Reader& read, const pb::Replication& in) {
  Replication replication;
  replication.replication_id = read.text("replication_id", in.replication_id(), Empty::kAllowed, kNameBytesMax);
  replication.offset_bytes = in.offset_bytes();
  replication.link_up = in.link_up();
  replication.link_down_for = read.duration("link_down_for_ms", in.link_down_for_ms());
  replication.sync_in_progress = in.sync_in_progress();
  replication.has_synced = in.has_synced();
  if (!read.count("online_replicas", in.online_replicas_size(), kRowsMax)) return replication;
  for (const auto& replica : in.online_replicas())
    replication.online_replicas.push_back({read.endpoint("online_replicas", replica.endpoint()), replica.offset_bytes()});
  std::ranges::sort(replication.online_replicas, {}, &OnlineReplica::endpoint);
  return replication;
}

void write_life(const LastLife& life, pb::LastLife& out) {
  out.set_node_id(life.node_id.str());
  out.set_role(to_wire<pb::Role>(life.role));
  to_proto(life.slots, *out.mutable_slots());
  write_replication(life.replication, *out.mutable_replication());
}

LastLife read_life(Reader& read, const pb::LastLife& in) {
  return {.node_id = read.id("last_life.node_id", in.node_id()),
          .role = read.enumerator("last_life.role", in.role(), Role::kReplica),
          .slots = read.slots("last_life.slots", in.slots()),
          .replication = read_replication(read, in.replication())};
}

// What the server itself says; the fields in between belong to the agent.
void write_server(const NodeState& state, pb::NodeState& out) {
  if (state.node_id) out.set_node_id(state.node_id->str());
  if (state.version) out.set_server_version(to_string(*state.version));
  to_proto(state.announced, *out.mutable_announced());
  out.set_role(to_wire<pb::Role>(state.role));
  if (state.primary_id) out.set_primary_id(state.primary_id->str());
  out.set_cluster_state_ok(state.cluster_state_ok);
  out.set_config_epoch(state.config_epoch.value);
  out.set_current_epoch(state.current_epoch.value);
  to_proto(state.slots, *out.mutable_slots());
  for (const auto& open : state.open_slots) to_proto(open, *out.add_open_slots());
  write_replication(state.replication, *out.mutable_replication());
  out.set_keys(state.keys);
  out.set_memory_used_bytes(state.memory_used_bytes);
  out.set_memory_max_bytes(state.memory_max_bytes);
  out.set_node_timeout_ms(to_wire_ms(state.node_timeout));
  out.set_functions_hash(state.functions_hash);
  out.set_settings_hash(state.settings_hash);
  for (const auto& setting : state.settings_not_in_force) {
    auto& message = *out.add_settings_not_in_force();
    message.set_name(to_wire_text(setting.name));
    message.set_needs_new_server(setting.needs_new_server);
    message.set_reason(to_wire_text(setting.reason));
  }
  out.set_users_trouble(to_wire_text(state.users_trouble));
  out.set_tls_trouble(to_wire_text(state.tls_trouble));
  out.set_fenced(state.fenced);
  out.set_view_hash(state.view_hash);
  if (state.view) to_proto(*state.view, *out.mutable_view());
}

void read_server(Reader& read, const pb::NodeState& in, NodeState& state) {
  state.node_id = read.optional_id("node_id", in.node_id());
  if (!in.server_version().empty()) state.version = read_version(read, in.server_version());
  state.announced = read.endpoint("announced", in.announced());
  state.role = read.enumerator("role", in.role(), Role::kReplica);
  state.primary_id = read.optional_id("primary_id", in.primary_id());
  state.cluster_state_ok = in.cluster_state_ok();
  state.config_epoch = Epoch{in.config_epoch()};
  state.current_epoch = Epoch{in.current_epoch()};
  state.slots = read.slots("slots", in.slots());
  if (read.count("open_slots", in.open_slots_size(), kSlotCount))
    for (const auto& open : in.open_slots())
      if (auto read_open = read.nested("open_slots", from_proto(open))) state.open_slots.push_back(*read_open);
  state.replication = read_replication(read, in.replication());
  state.keys = in.keys();
  state.memory_used_bytes = in.memory_used_bytes();
  state.memory_max_bytes = in.memory_max_bytes();
  state.node_timeout = read.duration("node_timeout_ms", in.node_timeout_ms());
  state.functions_hash = in.functions_hash();
  state.settings_hash = in.settings_hash();
  if (read.count("settings_not_in_force", in.settings_not_in_force_size(), kSettingsMax))
    for (const auto& setting : in.settings_not_in_force())
      state.settings_not_in_force.push_back({read.text("settings_not_in_force: name", setting.name(), Empty::kRefused, kNameBytesMax),
                                             setting.needs_new_server(),
                                             read.text("settings_not_in_force: reason", setting.reason(), Empty::kAllowed)});
  state.users_trouble = read.text("users_trouble", in.users_trouble(), Empty::kAllowed);
  state.tls_trouble = read.text("tls_trouble", in.tls_trouble(), Empty::kAllowed);
  state.fenced = in.fenced();
  state.view_hash = in.view_hash();
  if (in.has_view()) state.view = read.nested("view", from_proto(in.view()));
}

}  // namespace

void to_proto(const NodeState& state, pb::NodeState& out) {
  out.set_pod(state.pod.value);
  out.set_nonce(state.nonce);
  out.set_token_max(state.token_max.value);
  write_gate(state.gate, *out.mutable_gate());
  out.set_condition(to_wire<pb::ServerCondition>(state.condition));
  if (state.last_life) write_life(*state.last_life, *out.mutable_last_life());
  write_server(state, out);
  if (state.migration) to_proto(*state.migration, *out.mutable_migration());
  out.mutable_readiness()->set_reason(to_wire<pb::ReadyReason>(state.readiness.reason));
  out.mutable_readiness()->set_detail(to_wire_text(state.readiness.detail));
}

Result<NodeState> from_proto(const pb::NodeState& in) {
  Reader read("node state");
  NodeState state;
  state.pod = PodName(read.text("pod", in.pod(), Empty::kRefused, kNameBytesMax));
  state.nonce = in.nonce();
  state.token_max = FenceToken{in.token_max()};
  state.gate = read_gate(read, in.gate());
  state.condition = read.enumerator("condition", in.condition(), ServerCondition::kHung);
  if (in.has_last_life()) state.last_life = read_life(read, in.last_life());
  read_server(read, in, state);
  if (in.has_migration()) state.migration = read_progress(read, in.migration());
  state.readiness.reason = read.enumerator("readiness.reason", in.readiness().reason(), ReadyReason::kReady);
  state.readiness.detail = read.text("readiness.detail", in.readiness().detail(), Empty::kAllowed);
  return read.result(std::move(state));
}

}  // namespace shardkeeper::rpc::convert
