// One PodDisruptionBudget a shard: the one arbiter between a drain and the coordinator. Pure.
#pragma once

#include "common/types/names.h"
#include "coordinator/model/spec.h"

#include <boost/json/object.hpp>

#include <string>

namespace shardkeeper::platform::kube {

// An integer: for pods of an owner with a scale subresource percentages and maxUnavailable count wrongly. `api` is policy/v1 or, before
// Kubernetes 1.21, policy/v1beta1.
boost::json::object disruption_budget(const model::ClusterObject& cluster, ShardId shard, const std::string& api);

}  // namespace shardkeeper::platform::kube
