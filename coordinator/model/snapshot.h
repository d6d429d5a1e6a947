// Everything that one pass may look at, as a value. Unknown is explicit; nothing here is older than it says.
#pragma once

#include "common/node/node_state.h"
#include "common/time/scheduler.h"
#include "common/types/epoch.h"
#include "coordinator/model/pods.h"
#include "coordinator/model/spec.h"
#include "coordinator/model/step.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::model {

// A pod with what its agent said last.
struct PodInfo {
  Pod pod;
  TimePoint first_seen;  // by this coordinator process
  // Owners: the observer's cache and the snapshots of passes under way. None: not heard since this coordinator started.
  std::shared_ptr<const NodeState> state;
  TimePoint heard_at;  // last state or beat; first_seen before any
  TimePoint state_at;  // last state
  bool stream_open = false;
  std::string agent_address;  // ip:port of its gRPC server; other agents call it too
};

// A step that was started and whose effect has not been observed yet.
struct InFlight {
  Step step;
  TimePoint since;
};

// A step that failed lately.
struct Failure {
  int count = 0;
  TimePoint not_before;  // back-off ends
  std::string error;
};

using ViewCache = std::map<std::uint64_t, std::shared_ptr<const TopologyView>>;  // by agreement hash

struct Snapshot {
  TimePoint now;
  TimePoint started;  // when this coordinator process began to act for the cluster
  ClusterObject cluster;
  FenceToken token;             // of this coordinator; with a number it makes ids that nobody else gives
  std::vector<PodInfo> pods;    // of this cluster, sorted by name
  std::vector<Worker> workers;  // sorted by name
  ViewCache views;
  std::vector<InFlight> in_flight;
  std::map<std::string, Failure> failures;        // by key_of(step)
  std::map<WorkerName, int> primaries_elsewhere;  // on each worker, of other clusters
  int clusters_silent = 0;                        // other clusters all of whose pods are silent
};

}  // namespace shardkeeper::model
