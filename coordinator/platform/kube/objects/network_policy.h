// Who may reach a cluster's pods.
#pragma once

#include "coordinator/platform/kube/objects/cluster_reader.h"

#include <boost/json/object.hpp>

namespace shardkeeper::platform::kube {

// Everybody: the servers' port for clients, the agents' probes and metrics, and the ports that extraContainers name. Pods of the cluster: all
// ports, the bus among them. A coordinator, in whatever namespace: the agents' port for commands, which asks for its certificate anyway.
boost::json::object network_policy(const KubeCluster& cluster);

}  // namespace shardkeeper::platform::kube
