// A pod as it is created: architecture §3's anatomy. Pure.
#pragma once

#include "coordinator/platform/kube/objects/pod_plan.h"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

// What a pod was made from, as numbers: a pod whose annotation differs from made_from(…) of today's object is not up to date.
inline constexpr const char* kMadeFromAnnotation = "shardkeeper.io/made-from";

boost::json::object build_pod(const PodPlan& plan);

// Of everything in the object that shows in a pod, but neither of the pod's own (name, shard) nor of our image.
std::string made_from(const KubeCluster& cluster);

// Of two answers of made_from: all but the server's settings was the same.
bool differ_in_settings_only(std::string_view one, std::string_view other);

}  // namespace shardkeeper::platform::kube
