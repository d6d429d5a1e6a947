#include "coordinator/platform/kube/objects/budgets.h"

#include "coordinator/model/pods.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

namespace shardkeeper::platform::kube {

boost::json::object disruption_budget(const model::ClusterObject& cluster, ShardId shard, const std::string& api) {
  using boost::json::object;
  object metadata = metadata_of(cluster, budget_name(cluster.name, shard), "server");
  metadata["labels"].as_object()[model::kLabelShard] = to_string(shard);
  const object selected{{model::kLabelCluster, cluster.name.value}, {model::kLabelShard, to_string(shard)}};
  return {{"apiVersion", api},
          {"kind", "PodDisruptionBudget"},
          {"metadata", std::move(metadata)},
          {"spec", object{{"minAvailable", 1 + cluster.spec.replicas_per_shard}, {"selector", object{{"matchLabels", selected}}}}}};
}

}  // namespace shardkeeper::platform::kube
