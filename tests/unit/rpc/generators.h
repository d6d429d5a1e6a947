// Random values of everything that travels, for round-trip properties.
#pragma once

#include "common/node/command.h"
#include "common/node/node_state.h"
#include "common/rpc/agent_api.h"

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shardkeeper::rpc::test {

inline int number(int below) { return *rc::gen::inRange(0, below); }
inline bool coin() { return *rc::gen::arbitrary<bool>(); }
inline std::uint64_t big() { return *rc::gen::arbitrary<std::uint64_t>(); }
inline std::chrono::milliseconds some_ms() { return std::chrono::milliseconds(*rc::gen::inRange(0, 1 << 30)); }
inline std::string word() { return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z'))); }
inline std::string any_text() { return coin() ? word() : std::string(); }

inline NodeId some_id() {
  std::string text(NodeId::kLength, '0');
  for (auto& digit : text) digit = "0123456789abcdef"[number(16)];
  return NodeId::parse(text).value();
}

inline Endpoint some_endpoint() {
  const std::string ip =
      coin() ? "10.0." + std::to_string(number(256)) + "." + std::to_string(number(256)) : "fd00::" + std::to_string(number(10));
  return {ip, static_cast<std::uint16_t>(1 + number(65535)), static_cast<std::uint16_t>(number(65536))};
}

inline SlotSet some_slots() {
  SlotSet slots;
  for (int i = number(10); i > 0; --i) {
    const int first = number(kSlotCount);
    slots.add({first, std::min(kSlotCount - 1, first + number(500))});
  }
  return slots;
}

template <typename T, typename Make>
std::vector<T> some(int most, Make make) {
  std::vector<T> values;
  for (int i = number(most + 1); i > 0; --i) values.push_back(make());
  return values;
}

template <typename T, typename Make>
std::optional<T> maybe(Make make) {
  if (coin()) return make();
  return std::nullopt;
}

inline Role some_role() { return coin() ? Role::kPrimary : Role::kReplica; }

inline Replication some_replication() {
  Replication replication{.replication_id = any_text(),
                          .offset_bytes = big(),
                          .link_up = coin(),
                          .link_down_for = some_ms(),
                          .sync_in_progress = coin(),
                          .has_synced = coin()};
  replication.online_replicas = some<OnlineReplica>(4, [] { return OnlineReplica{some_endpoint(), big()}; });
  std::ranges::sort(replication.online_replicas, {}, &OnlineReplica::endpoint);
  return replication;
}

inline TopologyView some_view() {
  TopologyView view;
  view.rows = some<NodeRow>(6, [] {
    return NodeRow{.id = some_id(),
                   .endpoint = coin() ? some_endpoint() : Endpoint{},
                   .role = some_role(),
                   .primary_id = maybe<NodeId>(some_id),
                   .is_myself = coin(),
                   .is_suspected = coin(),
                   .is_failed = coin(),
                   .has_no_address = coin(),
                   .link_connected = coin(),
                   .config_epoch = Epoch{big()},
                   .slots = some_slots()};
  });
  std::ranges::sort(view.rows, {}, &NodeRow::id);
  return view;
}

inline MigrationEngine some_engine() { return coin() ? MigrationEngine::kAtomic : MigrationEngine::kKeys; }

inline MigrationJob some_job() {
  return {.id = word(),
          .slots = some_slots().united(SlotSet::of(7, 7)),
          .target_pod = PodName(word()),
          .target_agent = word(),
          .target_node = some_id(),
          .target_server = some_endpoint(),
          .engine = some_engine(),
          .bytes_per_second = big()};
}

inline MigrationProgress some_progress() {
  return {.job = word(),
          .target_node = some_id(),
          .slots = some_slots(),
          .engine = some_engine(),
          .stage = static_cast<MigrationProgress::Stage>(number(4)),
          .slots_done = some_slots(),
          .keys_total = big(),
          .keys_done = big(),
          .bytes_done = big(),
          .bytes_per_second = big(),
          .is_cancelled = coin(),
          .is_handing_over = coin(),
          .error = any_text()};
}

inline NodeState some_state() {
  NodeState state;
  state.pod = PodName(word());
  state.nonce = big();
  state.token_max = FenceToken{big()};
  state.gate = {.lock_held = coin(),
                .request = maybe<StartRequest>([] {
                  return StartRequest{StartId(word()), ServerVersion{8, number(9), number(9)}};
                }),
                .start_granted = coin()};
  state.condition = static_cast<ServerCondition>(number(5));
  state.last_life = maybe<LastLife>([] { return LastLife{some_id(), some_role(), some_slots(), some_replication()}; });
  state.node_id = maybe<NodeId>(some_id);
  state.version = maybe<ServerVersion>([] { return ServerVersion{9, number(9), number(9)}; });
  state.announced = coin() ? some_endpoint() : Endpoint{};
  state.role = some_role();
  state.primary_id = maybe<NodeId>(some_id);
  state.cluster_state_ok = coin();
  state.config_epoch = Epoch{big()};
  state.current_epoch = Epoch{big()};
  state.slots = some_slots();
  state.open_slots = some<OpenSlot>(3, [] {
    return OpenSlot{number(kSlotCount), coin() ? OpenSlot::Direction::kMigrating : OpenSlot::Direction::kImporting, some_id()};
  });
  state.replication = some_replication();
  state.keys = big();
  state.memory_used_bytes = big();
  state.memory_max_bytes = big();
  state.node_timeout = some_ms();
  state.functions_hash = big();
  state.settings_hash = big();
  state.settings_not_in_force = some<SettingNotInForce>(3, [] { return SettingNotInForce{word(), coin(), any_text()}; });
  state.users_trouble = any_text();
  state.tls_trouble = any_text();
  state.fenced = coin();
  state.view_hash = big();
  state.view = maybe<TopologyView>(some_view);
  state.migration = maybe<MigrationProgress>(some_progress);
  state.readiness = {static_cast<ReadyReason>(number(11)), any_text()};
  return state;
}

inline command::Ticket some_ticket() { return {PodName(word()), static_cast<command::FailoverMode>(number(3)), word(), some_ms()}; }

inline command::Command some_command() {
  switch (number(static_cast<int>(std::variant_size_v<command::Command>))) {
    case 0: return command::GrantStart{StartId(word()), any_text()};
    case 1: return command::SetConfigEpoch{Epoch{1 + static_cast<std::uint64_t>(number(1000))}};
    case 2: return command::Meet{some<Endpoint>(5, some_endpoint)};
    case 3: return command::AddSlots{some_slots().united(SlotSet::of(3, 3))};
    case 4: return command::Replicate{some_id()};
    case 5: return command::TakeTicket{some_ticket()};
    case 6:
      return command::Failover{static_cast<command::FailoverMode>(number(3)), some_id(), Epoch{big()}, maybe<command::Ticket>(some_ticket),
                               coin()};
    case 7: return command::Forget{some<NodeId>(5, some_id)};
    case 8: return command::SetConfig{{{word(), any_text()}, {word(), any_text()}}};
    case 9: return command::Shutdown{};
    case 10: return command::Unfence{number(10)};
    case 11: return command::StartMigration{some_job()};
    case 12: return command::CancelMigration{word()};
    case 13: return command::CopyFunctions{PodName(word()), word()};
    case 15: return command::ThrottleMigration{word(), big()};
    case 16: return command::ApplySettings{{{word(), any_text()}, {word(), any_text()}}};
    case 17: return command::RaiseEpoch{Epoch{big()}};
    case 14: return command::RestoreFunctions{std::string("\xff\0", 2) + word()};
    default:
      return command::SetSlots{some_slots().united(SlotSet::of(9, 9)), static_cast<command::SetSlots::Mode>(number(4)), some_id(),
                               maybe<NodeId>(some_id)};
  }
}

inline FromCoordinator some_message() {
  return {.token = FenceToken{big()},
          .report_nonce = big(),
          .want_view = coin(),
          .node_timeout = some_ms() + std::chrono::milliseconds(1),
          .peers = some<Peer>(4, [] {
            return Peer{PodName(word()), ShardId{number(1000)}, word()};
          })};
}

}  // namespace shardkeeper::rpc::test
