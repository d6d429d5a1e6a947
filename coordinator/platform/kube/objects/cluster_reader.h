// A ValkeyCluster of the API server: what the planner knows, and the parts of its spec that are passed on to objects as they are. Pure.
#pragma once

#include "coordinator/manifest/manifest.h"
#include "coordinator/model/spec.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

struct KubeCluster {
  model::ClusterObject object;
  boost::json::object spec;  // nodeSelector, tolerations and the like are taken from here
  std::int64_t generation = 0;

  bool operator==(const KubeCluster&) const = default;
};

struct ReadCluster {
  KubeCluster cluster;  // name, namespace, uid and generation always; the rest only when there is no error
  std::vector<manifest::ManifestError> errors;
};

// The schema of the API server has checked most of it already; the same table as for manifests checks it again, because what an old
// server or an old CRD let through must not reach a running cluster.
ReadCluster read_cluster(const boost::json::object& object);

// "spec.shards: must be 1 or at least 3, not 2; spec.config.port: …": for a condition.
std::string to_text(const std::vector<manifest::ManifestError>& errors);

}  // namespace shardkeeper::platform::kube
