#include "coordinator/platform/kube/objects/owner.h"

#include "coordinator/model/pods.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"

namespace shardkeeper::platform::kube {

std::map<std::string, std::string> labels_of(const ClusterName& cluster, const std::string& component) {
  return {{"app.kubernetes.io/name", "valkey"},
          {"app.kubernetes.io/instance", cluster.value},
          {"app.kubernetes.io/component", component},
          {"app.kubernetes.io/part-of", "shardkeeper"},
          {"app.kubernetes.io/managed-by", kFieldManager},
          {model::kLabelCluster, cluster.value}};
}

boost::json::object server_labels(const ClusterName& cluster) {
  return {{model::kLabelCluster, cluster.value}, {"app.kubernetes.io/component", "server"}};
}

boost::json::object metadata_of(const model::ClusterObject& cluster, const std::string& name, const std::string& component) {
  const boost::json::object owner{{"apiVersion", kApiVersion}, {"kind", kKind},      {"name", cluster.name.value},
                                  {"uid", cluster.uid},        {"controller", true}, {"blockOwnerDeletion", true}};
  return {{"name", name},
          {"namespace", cluster.space},
          {"labels", json::from_texts(labels_of(cluster.name, component))},
          {"ownerReferences", boost::json::array{owner}}};
}

std::optional<Owner> owner_of(const boost::json::object& object) {
  for (const auto& one : json::list_at(object, {"metadata", "ownerReferences"})) {
    const auto* reference = one.if_object();
    if (reference == nullptr || !json::is_true_at(*reference, {"controller"})) continue;
    if (json::text_at(*reference, {"kind"}) != kKind || !json::text_at(*reference, {"apiVersion"}).starts_with(std::string(kGroup) + "/"))
      return std::nullopt;
    return Owner{ClusterName(json::text_at(*reference, {"name"})), json::text_at(*reference, {"uid"})};
  }
  return std::nullopt;
}

}  // namespace shardkeeper::platform::kube
