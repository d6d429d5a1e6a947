// What an agent reports about its server. Everything here was observed by that agent; nothing is remembered by the coordinator.
#pragma once

#include "common/node/migration.h"
#include "common/node/readiness.h"
#include "common/node/settings.h"
#include "common/node/topology.h"
#include "common/types/names.h"
#include "common/types/server_version.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper {

// What the agent can say about the server process. The lock is the kernel's word, the rest is the server's.
enum class ServerCondition {
  kDown,      // lock free: no process (see GateState for what is waiting)
  kStarting,  // lock held, no answer since this process started
  kLoading,   // answers -LOADING
  kUp,        // answers
  kHung,      // lock held, has answered before, silent for 30 s
};

std::string_view to_string(ServerCondition condition);

// `launch` asks before every start; see architecture §3.
struct StartRequest {
  StartId id;
  ServerVersion version;

  bool operator==(const StartRequest&) const = default;
};

struct GateState {
  bool lock_held = false;               // the server process lives
  std::optional<StartRequest> request;  // the newest one
  bool start_granted = false;           // the grant file holds the newest request's id and has not been used

  // The kernel's word that the process is gone and none is about to start.
  bool is_known_dead() const { return !lock_held && !start_granted; }
  // `launch` waits for a grant.
  bool is_waiting() const { return request && is_known_dead(); }
  bool operator==(const GateState&) const = default;
};

// A replica as its primary lists it (INFO replication, slaveN).
struct OnlineReplica {
  Endpoint endpoint;
  std::uint64_t offset_bytes = 0;

  bool operator==(const OnlineReplica&) const = default;
};

struct Replication {
  std::string replication_id;                  // master_replid: equal ids share a history
  std::uint64_t offset_bytes = 0;              // primary: produced; replica: applied
  bool link_up = false;                        // replica only
  std::chrono::milliseconds link_down_for{0};  // replica only; 0 while up
  bool sync_in_progress = false;               // replica only
  bool has_synced = false;                     // replica only: a sync with its present primary was completed and none has begun since
  std::vector<OnlineReplica> online_replicas;  // primary only, sorted by endpoint; only those in state=online

  bool operator==(const Replication&) const = default;
};

// What was last known of the process that ran here before; survives agent restarts (kept on the pod's volume).
struct LastLife {
  NodeId node_id;
  Role role = Role::kPrimary;
  SlotSet slots;
  Replication replication;

  bool operator==(const LastLife&) const = default;
};

struct NodeState {
  PodName pod;
  std::uint64_t nonce = 0;  // of the newest report_now that this report answers; 0: none
  FenceToken token_max;     // highest fence token seen, kept on the volume

  GateState gate;
  ServerCondition condition = ServerCondition::kDown;
  std::optional<LastLife> last_life;  // set while no server runs, or a primary without slots, and the agent knows who ran before

  // Below: only while condition is kUp (or kLoading/kHung: the newest known values).
  std::optional<NodeId> node_id;
  std::optional<ServerVersion> version;
  Endpoint announced;
  Role role = Role::kPrimary;
  std::optional<NodeId> primary_id;
  bool cluster_state_ok = false;
  Epoch config_epoch;
  Epoch current_epoch;
  SlotSet slots;  // own ones
  std::vector<OpenSlot> open_slots;
  Replication replication;
  std::uint64_t keys = 0;
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t memory_max_bytes = 0;         // 0: no limit
  std::chrono::milliseconds node_timeout{0};  // as the server has it now
  std::uint64_t functions_hash = 0;  // of all FUNCTION libraries, names and code: equal means the same; 0: there are none, or not read yet
  std::uint64_t settings_hash = 0;   // hash_settings of what its server was told last, live or at its start; 0: this agent has not seen it
  std::vector<SettingNotInForce> settings_not_in_force;  // of those, by name
  std::string users_trouble;                             // what is wrong with the users of spec.usersSecret; "": nothing
  std::string tls_trouble;                               // what is wrong with the certificate of spec.tls; "": nothing
  bool fenced = false;                                   // min-replicas-to-write 255 is set
  std::uint64_t view_hash = 0;                           // agreement_hash of its CLUSTER NODES; 0: not read yet
  std::optional<TopologyView> view;                      // present where the coordinator asked for it

  std::optional<MigrationProgress> migration;  // of slots away from here: the running job, or the last one until another begins

  Readiness readiness;

  bool moves_slots() const { return migration && migration->is_running(); }
  bool operator==(const NodeState&) const = default;
};

// Equal results: nothing differs but counters, offsets and durations.
NodeState without_counters(NodeState state);

}  // namespace shardkeeper
