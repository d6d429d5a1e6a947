// Why something is done, or is not: the one reason that shows up unchanged in event, condition, log, metric and CLI.
#pragma once

#include "common/types/names.h"

#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::model {

enum class Family { kHealthy, kWaiting, kThrottled, kMisconfigured, kUnsafe };

// Families in this order; the table in coordinator/README.md explains each to users.
enum class Reason {
  // healthy: something is done, or all is well
  kHealthy,
  kNewNode,      // a node that never was in a cluster is prepared and brought in
  kFirstStart,   // a gate opens: nobody lists anything at this address
  kReplaced,     // a gate opens: the old node's slots are served elsewhere
  kProcessDead,  // the kernel freed the lock, or the platform saw the container end
  kNotWon,       // a forced failover was not won within a second
  kUnassignedSlots,
  kMissingPod,
  kExtraReplica,
  kWrongPrimary,  // a replica follows another shard's primary, or none
  kGhost,         // an id that nobody runs any more
  kIslands,       // nodes of one cluster that do not know each other
  kLabelStale,
  kSettled,          // settings for creation go back to the spec's
  kSettingsChanged,  // spec.config is not what a server was told last
  kFenceLifted,
  kRebalance,    // slots go to the shard that shall own them
  kHalfOpen,     // a slot half moved by an earlier job, or by somebody else
  kUnwanted,     // a job whose slots would have to move on
  kNewShard,     // a shard that is being added
  kSlotsMoved,   // a job ended: done, or cancelled
  kShardLeaves,  // a shard that owns nothing any more and is not asked for
  kReportWanted,
  // waiting
  kCreating,
  kAgentSilent,  // an agent was not heard since this coordinator started
  kGateShut,     // a start is not granted yet
  kViewUnknown,
  kWaitingForReports,
  kLeftToElection,  // Valkey's own election decides
  kPrimaryUnreachable,
  kReplicaNotReady,
  kFailoverPending,
  kShardEmptying,
  kSlotsMoving,
  kMistaken,   // a node takes a replica for a primary for good
  kSlotsWait,  // slots would move, but one end is not fit for it now
  // throttled
  kStepFailed,  // backing off after an error
  kPaused,
  kMoveRetried,  // slots whose move failed wait for the next try
  // misconfigured
  kNotHonoured,
  kSettingRefused,  // the running servers refuse a value of spec.config
  kUsersRejected,   // users of spec.usersSecret that are not there, or not understood
  kTlsRejected,     // the certificate of spec.tls is not there, or cannot be used
  kRollNeeded,      // a setting of spec.config is read at the start of a server only
  kCannotPlace,
  kPodTrouble,
  kManifestRejected,
  kUnsupportedVersion,
  kNoHeadRoom,  // a shard has no room for the slots that it shall own
  kMoveFailed,  // slots whose move failed again and again
  // unsafe
  kNoCandidate,
  kQuorumUnreachable,
  kPresumedIsolated,
  kIslandsOverlap,
  kShardLost,
  kHungSoleCopy,
  kReplicaUnheard,  // promoted without hearing from every replica
};

Family family_of(Reason reason);
// Stands until somebody changes the object or what it names: time and counters do not end it.
bool waits_for_people(Reason reason);
std::string_view to_string(Family family);  // healthy | waiting | throttled | misconfigured | unsafe
std::string_view to_string(Reason reason);  // ProcessDead, QuorumUnreachable …

struct Finding {
  Reason reason = Reason::kHealthy;
  std::string subject;  // "shard 1", "pod cache-7x2kq", "cluster"
  std::string detail;   // one sentence with the numbers

  auto operator<=>(const Finding&) const = default;
};

// "hold shard 1: NoCandidate: no replica has finished a sync"
std::string to_string(const Finding& finding);

inline std::string about(ShardId shard) { return "shard " + to_string(shard); }
inline std::string about(const PodName& pod) { return "pod " + pod.value; }

}  // namespace shardkeeper::model
