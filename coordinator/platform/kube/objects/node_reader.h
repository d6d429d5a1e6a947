// A Node of the API server as the planner knows workers. Pure.
#pragma once

#include "coordinator/model/pods.h"

#include <boost/json/object.hpp>

#include <string>

namespace shardkeeper::platform::kube {

model::Worker read_node(const boost::json::object& node);

// As in "v1.29.3"; "" when the kubelet has not said.
std::string kubelet_version(const boost::json::object& node);

}  // namespace shardkeeper::platform::kube
