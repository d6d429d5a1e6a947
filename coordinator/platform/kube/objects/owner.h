// Whose an object is. Owner references are what deletes our objects with their ValkeyCluster: there is no finalizer.
#pragma once

#include "coordinator/model/spec.h"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <string>

namespace shardkeeper::platform::kube {

// Labels by which all objects of a cluster are found and told apart; `component` is server, client …
std::map<std::string, std::string> labels_of(const ClusterName& cluster, const std::string& component);

// Of these labels_of, the ones that select the pods of a cluster.
boost::json::object server_labels(const ClusterName& cluster);

// metadata of an object of that cluster: name, namespace, labels and the owner reference.
boost::json::object metadata_of(const model::ClusterObject& cluster, const std::string& name, const std::string& component);

// The ValkeyCluster that controls an object.
struct Owner {
  ClusterName cluster;
  std::string uid;

  bool operator==(const Owner&) const = default;
};
std::optional<Owner> owner_of(const boost::json::object& object);

}  // namespace shardkeeper::platform::kube
