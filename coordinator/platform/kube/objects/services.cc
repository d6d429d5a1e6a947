#include "coordinator/platform/kube/objects/services.h"

#include "coordinator/model/pods.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

#include <boost/json/array.hpp>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

object port(const char* name, int number, const char* target) {
  return {{"name", name}, {"port", number}, {"targetPort", target}, {"protocol", "TCP"}};
}

object service(const model::ClusterObject& cluster, const std::string& name, const char* component, object spec) {
  spec["selector"] = server_labels(cluster.name);
  return {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", metadata_of(cluster, name, component)}, {"spec", std::move(spec)}};
}

// What the user says of addresses holds for both.
void add_families(const object& spec, object& service_spec) {
  for (const auto* const field : {"ipFamilyPolicy", "ipFamilies"})
    if (const auto* value = json::find(spec, {"service", field})) service_spec[field] = *value;
}

}  // namespace

object client_service(const KubeCluster& cluster) {
  object spec{{"type", "ClusterIP"}, {"ports", array{port("valkey", kServerPort, "valkey")}}};
  add_families(cluster.spec, spec);
  object made = service(cluster.object, client_service_name(cluster.object.name), "client", std::move(spec));
  auto& metadata = made["metadata"].as_object();
  auto& labels = metadata["labels"].as_object();
  for (const auto& [key, value] : json::texts_at(cluster.spec, {"service", "labels"})) labels.emplace(key, value);
  if (const auto* annotations = json::object_at(cluster.spec, {"service", "annotations"})) metadata["annotations"] = *annotations;
  return made;
}

object headless_service(const KubeCluster& cluster) {
  object spec{
      {"type", "ClusterIP"},
      {"clusterIP", "None"},
      {"publishNotReadyAddresses", true},
      {"ports", array{port("valkey", kServerPort, "valkey"), port("agent", kAgentRpcPort, "agent"), port("http", kAgentHttpPort, "http")}}};
  add_families(cluster.spec, spec);
  return service(cluster.object, headless_service_name(cluster.object.name), "nodes", std::move(spec));
}

}  // namespace shardkeeper::platform::kube
