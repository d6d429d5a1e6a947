// Rendered Kubernetes objects, found by kind and name.
#pragma once

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <vector>

namespace shardkeeper::test {

// By "Kind/namespace/name"; without a namespace "Kind//name".
using Objects = std::map<std::string, boost::json::value>;

// Throws std::runtime_error when two objects have the same key.
Objects objects_of(const std::string& yaml);

// `helm template shardkeeper deploy/helm/shardkeeper --namespace ns` with further arguments.
Objects render_shardkeeper(std::vector<std::string> arguments = {});

// The value at a JSON pointer, as "/spec/replicas"; null when there is none.
boost::json::value at(const boost::json::value& object, const std::string& pointer);

}  // namespace shardkeeper::test
