// One valkey-server process as a model: its table, its data, its replication link. What it does over time is in sim_bus.h.
#pragma once

#include "common/node/topology.h"
#include "common/time/scheduler.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::sim {

using Number = std::uint32_t;  // what clients write

struct SimRow {
  NodeId id;
  std::string ip;
  Role role = Role::kPrimary;
  std::optional<NodeId> follows;
  Epoch epoch;
  SlotSet slots;
  bool suspected = false;
  bool failed = false;
  bool no_address = false;
  TimePoint heard;
  TimePoint failed_at;
  std::set<NodeId> reports;  // voters that suspect it
};

struct SimServer {
  NodeId id;
  std::string ip;
  std::string pod;
  TimePoint started;
  bool alive = true;
  bool hung = false;

  std::map<NodeId, SimRow> table;            // its own row included
  std::map<NodeId, TimePoint> forgotten;     // blacklist, until
  std::map<std::string, TimePoint> meeting;  // addresses to meet, until
  Epoch current_epoch;
  Epoch last_vote;
  std::chrono::milliseconds node_timeout{5000};
  int min_replicas_to_write = 0;
  bool state_ok = false;
  std::optional<TimePoint> reachable_since;  // a majority of voters

  // Numbers written, ascending. A replica's are a prefix of its primary's while both share a history.
  std::vector<Number> data;
  std::string replication_id;
  std::string replication_id_before;  // of the primary that it was promoted from
  std::string primary_ip;             // where the replication link goes, whoever is there now
  bool link_up = false;
  bool syncing = false;
  bool has_data_of_primary = false;
  TimePoint sync_ends;
  TimePoint link_down_since;
  std::optional<TimePoint> election_at;
  bool election_is_forced = false;

  SimRow& self() { return table.at(id); }
  const SimRow& self() const { return table.at(id); }
  bool answers() const { return alive && !hung; }
  bool owns_slots() const { return self().role == Role::kPrimary && !self().slots.empty(); }
  std::uint64_t offset() const { return 1 + data.size(); }
};

}  // namespace shardkeeper::sim
