// Whether a pod may receive client traffic, and if not, why. One definition for probe, metric, log, status and CLI.
#pragma once

#include <string>
#include <string_view>

namespace shardkeeper {

// In the order in which they are tried; the first match is the reason (architecture §3, "Probes").
enum class ReadyReason {
  kGateShut,          // no server process: waiting for the coordinator's grant
  kStarting,          // process is there, has not answered yet
  kHung,              // process is there, no answer for 30 s
  kLoading,           // loading its data set
  kNotAMember,        // knows no other node of its cluster
  kClusterStateFail,  // its own cluster_state is fail
  kNoSlots,           // a primary that owns no slots
  kFirstSync,         // a replica whose first sync is not finished
  kPrimaryLinkDown,   // a replica without its primary for more than 5 s
  kFenced,            // cut off from coordinator and majority; refuses writes
  kUsersMissing,      // no client can log in: the users of spec.usersSecret were never set in this server
  kReady,
};

std::string_view to_string(ReadyReason reason);  // "GateShut", "Ready" …

struct Readiness {
  ReadyReason reason = ReadyReason::kGateShut;
  std::string detail;  // one sentence for people

  bool is_ready() const { return reason == ReadyReason::kReady; }
  bool operator==(const Readiness&) const = default;
};

}  // namespace shardkeeper
