// What an agent can be told to do. Each is idempotent: the agent first looks whether the wanted state already holds.
#pragma once

#include "common/node/migration.h"
#include "common/node/settings.h"
#include "common/node/topology.h"
#include "common/types/names.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shardkeeper::command {

// Opens the gate for one start. `evidence` says why nothing can be wiped; it is logged beside the server.
// Refused when the newest request has another id or a server runs.
struct GrantStart {
  StartId id;
  std::string evidence;
  bool operator==(const GrantStart&) const = default;
};

// CLUSTER SET-CONFIG-EPOCH, which the server refuses once it knows another node. A primary without slots that was met before it had an epoch
// takes the next free one by CLUSTER BUMPEPOCH instead. Done when the epoch is already `epoch`.
struct SetConfigEpoch {
  Epoch epoch;
  bool operator==(const SetConfigEpoch&) const = default;
};

// CLUSTER BUMPEPOCH of a primary with slots, whose right to them is not in doubt. Done when its epoch is above `above` already.
struct RaiseEpoch {
  Epoch above;
  bool operator==(const RaiseEpoch&) const = default;
};

// CLUSTER MEET to each peer, in one pipeline. Peers already in the node's table at that address are left out.
struct Meet {
  std::vector<Endpoint> peers;
  bool operator==(const Meet&) const = default;
};

// CLUSTER ADDSLOTSRANGE of those that the node does not own yet.
struct AddSlots {
  SlotSet slots;
  bool operator==(const AddSlots&) const = default;
};

// CLUSTER REPLICATE. Done when it already replicates `primary`. Refused when the node owns slots or, as a primary, holds keys.
struct Replicate {
  NodeId primary;
  bool operator==(const Replicate&) const = default;
};

enum class FailoverMode {
  kGraceful,  // plain CLUSTER FAILOVER: live primary, nothing lost
  kForce,     // no talk with the primary, but the majority's votes
  kTakeover,  // no votes: only where no majority can exist out of sight (architecture §6)
};
std::string_view to_string(FailoverMode mode);  // graceful | force | takeover

// The right to promote in one shard, held by the agent beside the old primary: one chooser at a time.
struct Ticket {
  PodName replica;
  FailoverMode mode = FailoverMode::kGraceful;
  std::string requester;  // coordinator:<token> or agent:<pod>
  std::chrono::milliseconds valid_for{0};

  bool operator==(const Ticket&) const = default;
};

// Asks the agent beside the old primary for the shard's ticket. The answer carries the ticket that is running now: the caller
// acts only when it names the caller's own replica and mode.
struct TakeTicket {
  Ticket wanted;
  bool operator==(const TakeTicket&) const = default;
};

// To a replica's agent. Refused when the shard's epoch is already above `seen_epoch` or the node is no replica any more.
// `ticket` is absent only where the old primary's agent cannot be reached.
struct Failover {
  FailoverMode mode = FailoverMode::kGraceful;
  NodeId old_primary;
  Epoch seen_epoch;
  std::optional<Ticket> ticket;
  // A person wants this replica's old copy rather than none, although it never finished its newest sync. Only the coordinator may pass it on.
  bool accept_stale = false;
  bool operator==(const Failover&) const = default;
};

// CLUSTER FORGET of each id that the node's table has.
struct Forget {
  std::vector<NodeId> ids;
  bool operator==(const Forget&) const = default;
};

// CONFIG SET. Names and values as in valkey.conf.
struct SetConfig {
  std::map<std::string, std::string> settings;
  bool operator==(const SetConfig&) const = default;
};

// The user's settings, all of them: each is set that the server takes while it runs. Those that it does not take, and those that are left
// out, show in NodeState::settings_not_in_force.
struct ApplySettings {
  ServerSettingMap settings;
  bool operator==(const ApplySettings&) const = default;
};

// SHUTDOWN NOSAVE; the gate stays shut afterwards. Refused while the node owns slots.
struct Shutdown {
  bool operator==(const Shutdown&) const = default;
};

// Sets min-replicas-to-write back to the spec's value.
struct Unfence {
  int min_replicas_to_write = 0;
  bool operator==(const Unfence&) const = default;
};

// To the source's agent. Answered as soon as the job is accepted; how it goes on shows in NodeState::migration. Done when a job of that id
// runs or ran. Refused, with its id, while another one runs, and by a node that is no primary that answers.
// Slots half moved to the same target by an earlier job are finished; slots that the target owns already count as moved.
struct StartMigration {
  MigrationJob job;
  bool operator==(const StartMigration&) const = default;
};

// To the source's agent. The job ends soon. An atomic migration is called off and has moved nothing. Slots that are open key by key get
// kCancelPatience to go over as a whole, for keys that have left cannot be fetched back without a moment in which clients miss them; then
// those that no key has left go back to normal, others stay half moved and are named in the job's error.
// Done when no job runs. Refused, with its id, while another one runs.
struct CancelMigration {
  std::string job;
  bool operator==(const CancelMigration&) const = default;
};
inline constexpr std::chrono::seconds kCancelPatience{10};

// To the source's agent: another limit for a job that runs, from its next batch or part on. Done when no job runs. Refused, with its id, while
// another one runs.
struct ThrottleMigration {
  std::string job;
  std::uint64_t bytes_per_second = 0;  // 0: no limit
  bool operator==(const ThrottleMigration&) const = default;
};

// CLUSTER SETSLOT of each slot that is not so yet, to a primary. Agents of one cluster may ask each other for it.
struct SetSlots {
  SlotSet slots;
  enum class Mode {
    kImporting,  // from `node`
    kMigrating,  // to `node`
    kNode,       // owned by `node`; refused at the present owner while it holds keys of the slot
    kStable,     // neither; refused for slots of which a node that does not own them holds keys: they would be out of reach
  } mode = Mode::kStable;
  NodeId node;  // of kStable: the other end, for people
  // Of kImporting and kNode: who gives them. Refused where the table shows another owner than giver and taker: the slot has moved meanwhile
  // (conflict), or that it came to the giver is not known here yet (unavailable). Absent: not checked.
  std::optional<NodeId> from{};
  bool operator==(const SetSlots&) const = default;
};
std::string_view to_string(SetSlots::Mode mode);  // importing | migrating | node | stable

// To an agent of a node that has the cluster's FUNCTIONs: gives them to the target's agent, since they do not travel with slots. Done when
// there are none. Refused when they are more than 2 MiB.
struct CopyFunctions {
  PodName target_pod;
  std::string target_agent;  // ip:port
  bool operator==(const CopyFunctions&) const = default;
};

inline constexpr std::size_t kFunctionsDumpBytesMax = 2U << 20U;

// FUNCTION RESTORE … REPLACE; libraries that the dump does not have stay. Agents of one cluster may ask each other for it.
struct RestoreFunctions {
  std::string dump;  // of FUNCTION DUMP: bytes
  bool operator==(const RestoreFunctions&) const = default;
};

using Command =
    std::variant<GrantStart, SetConfigEpoch, Meet, AddSlots, Replicate, TakeTicket, Failover, Forget, SetConfig, Shutdown, Unfence,
                 StartMigration, CancelMigration, SetSlots, CopyFunctions, RestoreFunctions, ThrottleMigration, ApplySettings, RaiseEpoch>;

// "set-config-epoch", "meet" …: for logs and errors.
std::string_view name_of(const Command& command);

struct Outcome {
  bool already_so = false;       // nothing had to be done
  std::optional<Ticket> ticket;  // answer to TakeTicket: the running one

  bool operator==(const Outcome&) const = default;
};

}  // namespace shardkeeper::command
