// What a pass decided, and the little it wants to remember.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/model/finding.h"
#include "coordinator/model/snapshot.h"
#include "coordinator/model/step.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::model {

// A dead primary that is being replaced.
struct Succession {
  TimePoint seen_dead;
  std::uint64_t nonce = 0;             // reports with at least this nonce were made after the death was seen
  std::optional<TimePoint> forced_at;  // FORCE was sent
  std::optional<TimePoint> taken_over_at;

  bool operator==(const Succession&) const = default;
};

// Slots that a primary's peers give to it and that it says not to own.
struct DeniedSlots {
  SlotSet slots;
  TimePoint since;

  bool operator==(const DeniedSlots&) const = default;
};

// A migration job that ended, as its source's agent still shows it.
struct EndedJob {
  std::string job;
  TimePoint at;  // seen first
  // What was done was seen at its source since: its server's word counts from then on.
  bool shown = false;

  bool operator==(const EndedJob&) const = default;
};

// Slots whose move failed.
struct SlotTrouble {
  SlotSet slots;
  int attempts = 0;
  TimePoint not_before;
  std::string error;  // of the last attempt

  bool operator==(const SlotTrouble&) const = default;
};

// A replica that some nodes take for a primary.
struct Mistaken {
  TimePoint since;
  std::uint64_t nonce = 0;  // reports of those nodes with at least this nonce were made after gossip has had its time

  bool operator==(const Mistaken&) const = default;
};

// Slots that one end or both hold open while no job works on them.
struct HalfOpen {
  SlotSet slots;
  TimePoint since;

  bool operator==(const HalfOpen&) const = default;
};

// A leaving shard that owns nothing any more waits until the replicas of those that took its slots have caught up.
struct Emptied {
  std::uint64_t nonce = 0;                   // reports with at least this nonce were made since
  std::map<ShardId, std::uint64_t> offsets;  // that replicas of the staying shards must reach
  TimePoint asked_at;                        // for reports of replicas that have not

  bool operator==(const Emptied&) const = default;
};

// Memory of one coordinator process. Losing it may delay a step, never permit one.
struct History {
  std::uint64_t last_nonce = 0;
  std::map<NodeId, Succession> successions;            // by dead primary
  std::set<NodeId> stale_accepted;                     // replicas whose old copy a person wants rather than none
  std::map<NodeId, std::string> seen_dead;             // evidence for ids whose pod is gone by now
  std::set<std::string> dead_at;                       // addresses of servers seen dead whose pods may be gone by now
  std::map<NodeId, TimePoint> failed_since;            // every reachable node flags it failed, since
  std::map<PodName, std::map<NodeId, TimePoint>> met;  // last MEET ordered, by who asked whom
  std::map<PodName, DeniedSlots> denied;
  std::map<NodeId, Mistaken> mistaken;                            // replicas that somebody takes for primaries
  std::map<ShardId, SlotSet> lost;                                // shards whose data is gone, until they serve again
  std::uint64_t last_job = 0;                                     // number of the last migration job
  std::map<PodName, EndedJob> ended_jobs;                         // by source
  std::map<PodName, std::string> running_jobs;                    // by source: as seen last
  std::vector<SlotTrouble> troubles;                              // disjoint
  std::map<std::pair<PodName, PodName>, HalfOpen> half_open;      // by source and target
  std::map<ShardId, Emptied> emptied;                             // leaving shards that own nothing
  std::set<ShardId> released;                                     // of those, whose data is safe elsewhere: they may go
  std::map<std::string, std::vector<Finding>, std::less<>> said;  // by check, in the last pass in which it could see

  bool operator==(const History&) const = default;
};

struct Decision {
  std::vector<Step> steps;
  std::vector<Finding> findings;           // sorted by family (worst last), then subject
  std::optional<TimePoint> look_again_at;  // a wait inside a rule ends then
};

struct Outcome {
  Decision decision;
  History history;
};

}  // namespace shardkeeper::model
