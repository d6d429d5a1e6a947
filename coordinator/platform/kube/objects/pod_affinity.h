// Where a new pod may run: what the user says, and the spread of a shard's members. Pure.
#pragma once

#include "coordinator/platform/kube/objects/pod_plan.h"

#include <boost/json/object.hpp>

namespace shardkeeper::platform::kube {

// The spread is told to the scheduler by labels and not by workers' names: it holds for pods that it places at the same moment, too.
boost::json::object affinity_of(const PodPlan& plan);

// Those of the spec; one without a selector counts the pods of this cluster.
boost::json::array topology_spread_of(const PodPlan& plan);

}  // namespace shardkeeper::platform::kube
