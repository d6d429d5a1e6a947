// What tests of moving slots look at in a cluster as a whole.
#pragma once

#include "common/types/endpoint.h"
#include "tests/cluster/local_cluster.h"

#include <string>

namespace shardkeeper::test {

// Exactly `shards` shards of `pods` pods, all ready, each with its share of the slots, and nothing on its way any more.
bool is_even(const admin::v1::ClusterStatus& status, int shards, int pods);

// "pod [12->-…" for every slot that some primary has open; empty when there is none. Throws when a server does not answer.
std::string open_slots(LocalCluster& cluster);

// Slots that running jobs have moved or are at, as the status says.
struct MoveSeen {
  bool runs = false;
  int slots_done = 0;
  int slots_total = 0;
  std::string source;  // pods: the primaries of the first job's ends
  std::string target;
};
MoveSeen move_seen(const admin::v1::ClusterStatus& status);

// All events, a line each.
std::string told(LocalCluster& cluster);

// All pods that are there now.
std::vector<Endpoint> seeds_of(LocalCluster& cluster);

}  // namespace shardkeeper::test
