// Random worlds for the planner: a healthy cluster and a handful of troubles, in any order and combination.
#pragma once

#include "tests/unit/plan/cluster_builder.h"

#include <rapidcheck.h>

namespace shardkeeper::test {

// What happened to one pod.
enum class Trouble {
  kDead,
  kDeadWithoutRequest,
  kContainerEnded,
  kSilent,
  kUnheard,
  kHung,
  kStarting,
  kPodGone,
  kFirstStart,
  kFresh,
  kFirstSync,
  kOtherHistory,
  kFailedFlag,
  kSuspected,
  kNoAddress,
  kDeleting,
  kFenced,
  kIsland,
  kViewUnknown,
  kPromoted,
  kStaleOffset,
  kOpenSlot,   // half moved to the next primary
  kMoveFailed  // its newest job failed
};

struct RandomWorld {
  int shards = 3;
  int replicas = 1;
  int asked = 0;                                  // shards that the spec asks for by now; 0: as many as there are
  std::vector<std::pair<int, Trouble>> troubles;  // index of a pod, modulo their number
  bool deaths_seen_long_ago = false;
  bool reported = false;
  bool forced = false;
};

ClusterBuilder build(const RandomWorld& random);
void showValue(const RandomWorld& world, std::ostream& out);

}  // namespace shardkeeper::test

namespace rc {
template <>
struct Arbitrary<shardkeeper::test::RandomWorld> {
  static Gen<shardkeeper::test::RandomWorld> arbitrary();
};
}  // namespace rc
