// What a ValkeyCluster's status says: conditions, shards, what is under way. Pure.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/model/decision.h"
#include "coordinator/model/snapshot.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace shardkeeper::coordinator {

struct StatusInput {
  const admin::v1::ClusterStatus& cluster;  // with its migration and findings
  const model::ClusterObject& object;
  std::int64_t generation = 0;  // of what the object says now
  std::string rejected_because;
  int outdated_pods = 0;  // made from another spec than today's
};

// Without times: status_at() adds those. The same input gives the same value, so that nothing is written at rest.
boost::json::object cluster_status(const StatusInput& input);

// Of an object that never was good enough to be run.
boost::json::object rejected_status(std::int64_t generation, const std::string& because);

// Of one that is good, and whose keys and objects cannot be made.
boost::json::object waiting_status(std::int64_t generation, const std::string& reason, const std::string& because);

// `status` with lastTransitionTime in its conditions: kept from `before` where a condition's status is the same, now otherwise.
boost::json::object status_at(boost::json::object status, const boost::json::object& before, std::int64_t unix_ms);

}  // namespace shardkeeper::coordinator
