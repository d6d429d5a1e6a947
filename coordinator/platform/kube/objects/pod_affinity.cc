#include "coordinator/platform/kube/objects/pod_affinity.h"

#include "coordinator/platform/kube/objects/json.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr const char* kHostname = "kubernetes.io/hostname";
constexpr const char* kZone = "topology.kubernetes.io/zone";
constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

// Of 1..100. A shard's members on one worker die together: that outweighs zones, which outweigh an even load.
constexpr int kWorkerWeight = 100;
constexpr int kZoneWeight = 60;
constexpr int kEvenLoadWeight = 20;
constexpr int kAvoidedWeight = 50;  // of the worker that is avoided most

object term(const std::map<std::string, std::string>& labels, const char* topology) {
  return {{"labelSelector", object{{"matchLabels", json::from_texts(labels)}}}, {"topologyKey", topology}};
}

void append(object& affinity, const char* kind, const char* mode, object added) {
  auto& of_kind = affinity[kind];
  if (!of_kind.is_object()) of_kind = object{};
  auto& terms = of_kind.as_object()[mode];
  if (!terms.is_array()) terms = array{};
  terms.as_array().push_back(std::move(added));
}

void keep_apart(object& affinity, model::SpreadMode mode, int weight, object apart) {
  if (mode == model::SpreadMode::kRequired)
    append(affinity, "podAntiAffinity", kRequired, std::move(apart));
  else
    append(affinity, "podAntiAffinity", kPreferred, {{"weight", weight}, {"podAffinityTerm", std::move(apart)}});
}

void avoid(object& affinity, const WorkerName& worker, int weight) {
  const object is_not{{"key", "metadata.name"}, {"operator", "NotIn"}, {"values", array{worker.value}}};
  append(affinity, "nodeAffinity", kPreferred, {{"weight", weight}, {"preference", object{{"matchFields", array{is_not}}}}});
}

}  // namespace

object affinity_of(const PodPlan& plan) {
  const auto& cluster = plan.cluster.object;
  const auto* wanted = json::object_at(plan.cluster.spec, {"affinity"});
  object affinity = wanted == nullptr ? object{} : *wanted;
  const std::map<std::string, std::string> of_cluster{{model::kLabelCluster, cluster.name.value}};
  auto of_shard = of_cluster;
  of_shard[model::kLabelShard] = to_string(plan.request.shard);
  keep_apart(affinity, cluster.spec.worker_spread, kWorkerWeight, term(of_shard, kHostname));
  keep_apart(affinity, cluster.spec.zone_spread, kZoneWeight, term(of_shard, kZone));
  keep_apart(affinity, model::SpreadMode::kPreferred, kEvenLoadWeight, term(of_cluster, kHostname));
  int weight = kAvoidedWeight;
  for (const auto& worker : plan.request.workers_avoided) {
    avoid(affinity, worker, weight);
    weight = std::max(1, weight / 2);
  }
  return affinity;
}

array topology_spread_of(const PodPlan& plan) {
  array constraints = json::list_at(plan.cluster.spec, {"topologySpreadConstraints"});
  for (auto& one : constraints) {
    auto* constraint = one.if_object();
    if (constraint == nullptr || constraint->contains("labelSelector")) continue;
    (*constraint)["labelSelector"] = object{{"matchLabels", object{{model::kLabelCluster, plan.cluster.object.name.value}}}};
  }
  return constraints;
}

}  // namespace shardkeeper::platform::kube
