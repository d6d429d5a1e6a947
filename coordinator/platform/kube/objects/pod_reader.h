// A Pod of the API server as the planner knows pods. Pure.
#pragma once

#include "coordinator/model/pods.h"

#include <boost/json/object.hpp>

namespace shardkeeper::platform::kube {

// `cluster` comes from the label: whose the pod really is, owner_of says.
model::Pod read_pod(const boost::json::object& pod);

// Why the pod does not run, in the platform's words: "valkey: ImagePullBackOff: Back-off pulling image …"; "" when nothing is wrong.
std::string trouble_of(const boost::json::object& pod);

}  // namespace shardkeeper::platform::kube
