// What the agent's core is told at its start; the same for its whole life.
#pragma once

#include "agent/decide/readiness.h"
#include "agent/decide/render_config.h"
#include "common/types/endpoint.h"
#include "common/types/names.h"

#include <chrono>

namespace shardkeeper::agent {

struct CoreConfig {
  PodName pod;
  ClusterName cluster;
  Endpoint announced;                                 // where the cluster reaches this pod's server
  std::chrono::milliseconds hung_after{30'000};       // silence of a server that has answered before (architecture §3)
  std::chrono::milliseconds chooser_patience{1'000};  // what the coordinator gets after a death before the agent chooses itself
  std::chrono::milliseconds straggler_wait{500};      // for a replica that the dead primary listed as online and that is silent
  int min_replicas_to_write = 0;                      // what lifting a fence restores, unless the server had another value before
  Login replication;                                  // what servers of this cluster log in with at each other; "": no login
  ReadinessLimits readiness;
};

}  // namespace shardkeeper::agent
