#include "coordinator/platform/kube/objects/cluster_reader.h"

#include "coordinator/platform/kube/objects/json.h"

#include <boost/json/serialize.hpp>

namespace shardkeeper::platform::kube {
namespace {

// What a table that is made for people's files need not read: it is large, and written by servers only.
boost::json::object essence_of(const boost::json::object& object) {
  boost::json::object essence;
  for (const auto* const key : {"apiVersion", "kind", "spec"})
    if (const auto* value = object.if_contains(key)) essence[key] = *value;
  boost::json::object metadata;
  for (const auto* const key : {"name", "namespace"})
    if (const auto* value = json::find(object, {"metadata", key})) metadata[key] = *value;
  essence["metadata"] = std::move(metadata);
  return essence;
}

}  // namespace

ReadCluster read_cluster(const boost::json::object& object) {
  ReadCluster read;
  auto& cluster = read.cluster;
  // JSON is YAML, but one line of it has no line numbers worth showing.
  auto manifests = manifest::parse_manifests("", boost::json::serialize(essence_of(object)));
  read.errors = std::move(manifests.errors);
  for (auto& error : read.errors) error.line = 0;
  if (read.errors.empty() && manifests.clusters.size() == 1) {
    cluster.object = std::move(manifests.clusters.front().object);
    cluster.object.spec.not_honoured.clear();  // all that other platforms leave aside
    if (const auto* spec = json::object_at(object, {"spec"})) cluster.spec = *spec;
  }
  cluster.object.name = ClusterName(json::text_at(object, {"metadata", "name"}));
  cluster.object.space = json::text_at(object, {"metadata", "namespace"});
  cluster.object.uid = json::text_at(object, {"metadata", "uid"});
  cluster.generation = json::number_at(object, {"metadata", "generation"});
  return read;
}

std::string to_text(const std::vector<manifest::ManifestError>& errors) {
  std::string text;
  for (const auto& error : errors) {
    if (!text.empty()) text += "; ";
    text += error.field.empty() ? error.reason : error.field + ": " + error.reason;
  }
  return text;
}

}  // namespace shardkeeper::platform::kube
