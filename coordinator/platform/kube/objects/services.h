// The Services of a cluster. None selects by role: labels lag behind a hand-over, and clients of a cluster ask any node. Pure.
#pragma once

#include "coordinator/platform/kube/objects/cluster_reader.h"

#include <boost/json/object.hpp>

namespace shardkeeper::platform::kube {

// For clients: all Ready pods.
boost::json::object client_service(const KubeCluster& cluster);
// For names of single pods and for scraping: all pods, Ready or not.
boost::json::object headless_service(const KubeCluster& cluster);

}  // namespace shardkeeper::platform::kube
