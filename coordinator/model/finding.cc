#include "coordinator/model/finding.h"

namespace shardkeeper::model {

Family family_of(Reason reason) {
  if (reason < Reason::kCreating) return Family::kHealthy;
  if (reason < Reason::kStepFailed) return Family::kWaiting;
  if (reason < Reason::kNotHonoured) return Family::kThrottled;
  if (reason < Reason::kNoCandidate) return Family::kMisconfigured;
  return Family::kUnsafe;
}

bool waits_for_people(Reason reason) {
  return (reason >= Reason::kNotHonoured && reason <= Reason::kRollNeeded) || reason == Reason::kManifestRejected;
}

std::string_view to_string(Family family) {
  switch (family) {
    case Family::kHealthy: return "healthy";
    case Family::kWaiting: return "waiting";
    case Family::kThrottled: return "throttled";
    case Family::kMisconfigured: return "misconfigured";
    case Family::kUnsafe: return "unsafe";
  }
  return "?";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kHealthy: return "Healthy";
    case Reason::kNewNode: return "NewNode";
    case Reason::kFirstStart: return "FirstStart";
    case Reason::kReplaced: return "Replaced";
    case Reason::kProcessDead: return "ProcessDead";
    case Reason::kNotWon: return "NotWon";
    case Reason::kUnassignedSlots: return "UnassignedSlots";
    case Reason::kMissingPod: return "MissingPod";
    case Reason::kExtraReplica: return "ExtraReplica";
    case Reason::kWrongPrimary: return "WrongPrimary";
    case Reason::kGhost: return "Ghost";
    case Reason::kIslands: return "Islands";
    case Reason::kLabelStale: return "LabelStale";
    case Reason::kSettled: return "Settled";
    case Reason::kSettingsChanged: return "SettingsChanged";
    case Reason::kFenceLifted: return "FenceLifted";
    case Reason::kRebalance: return "Rebalance";
    case Reason::kHalfOpen: return "HalfOpen";
    case Reason::kUnwanted: return "Unwanted";
    case Reason::kNewShard: return "NewShard";
    case Reason::kSlotsMoved: return "SlotsMoved";
    case Reason::kShardLeaves: return "ShardLeaves";
    case Reason::kReportWanted: return "ReportWanted";
    case Reason::kCreating: return "Creating";
    case Reason::kAgentSilent: return "AgentSilent";
    case Reason::kGateShut: return "GateShut";
    case Reason::kViewUnknown: return "ViewUnknown";
    case Reason::kWaitingForReports: return "WaitingForReports";
    case Reason::kLeftToElection: return "LeftToElection";
    case Reason::kPrimaryUnreachable: return "PrimaryUnreachable";
    case Reason::kReplicaNotReady: return "ReplicaNotReady";
    case Reason::kFailoverPending: return "FailoverPending";
    case Reason::kShardEmptying: return "ShardEmptying";
    case Reason::kSlotsMoving: return "SlotsMoving";
    case Reason::kMistaken: return "Mistaken";
    case Reason::kSlotsWait: return "SlotsWait";
    case Reason::kStepFailed: return "StepFailed";
    case Reason::kPaused: return "Paused";
    case Reason::kMoveRetried: return "MoveRetried";
    case Reason::kNotHonoured: return "NotHonoured";
    case Reason::kSettingRefused: return "SettingRefused";
    case Reason::kUsersRejected: return "UsersRejected";
    case Reason::kTlsRejected: return "TlsRejected";
    case Reason::kRollNeeded: return "RollNeeded";
    case Reason::kCannotPlace: return "CannotPlace";
    case Reason::kPodTrouble: return "PodTrouble";
    case Reason::kManifestRejected: return "ManifestRejected";
    case Reason::kUnsupportedVersion: return "UnsupportedVersion";
    case Reason::kNoHeadRoom: return "NoHeadRoom";
    case Reason::kMoveFailed: return "MoveFailed";
    case Reason::kNoCandidate: return "NoCandidate";
    case Reason::kQuorumUnreachable: return "QuorumUnreachable";
    case Reason::kPresumedIsolated: return "PresumedIsolated";
    case Reason::kIslandsOverlap: return "IslandsOverlap";
    case Reason::kShardLost: return "ShardLost";
    case Reason::kHungSoleCopy: return "HungSoleCopy";
    case Reason::kReplicaUnheard: return "ReplicaUnheard";
  }
  return "?";
}

std::string to_string(const Finding& finding) {
  return "hold " + finding.subject + ": " + std::string(to_string(finding.reason)) + ": " + finding.detail;
}

}  // namespace shardkeeper::model
