// The containers of a pod. Pure.
#pragma once

#include "coordinator/platform/kube/objects/pod_plan.h"

#include <boost/json/object.hpp>

namespace shardkeeper::platform::kube {

inline constexpr const char* kDataVolume = "data";
inline constexpr const char* kUsersVolume = "users";
inline constexpr const char* kServerTlsVolume = "server-tls";
inline constexpr const char* kIdentityVolume = "identity";  // identity_volume() makes it

// spec.usersSecret; null where there is none. What is mounted for it must have its volume.
const boost::json::object* users_secret(const PodPlan& plan);
const boost::json::object* server_tls(const PodPlan& plan);

boost::json::object prepare_container(const PodPlan& plan);
boost::json::object agent_container(const PodPlan& plan);
boost::json::object valkey_container(const PodPlan& plan);

}  // namespace shardkeeper::platform::kube
