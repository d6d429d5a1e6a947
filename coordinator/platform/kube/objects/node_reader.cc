#include "coordinator/platform/kube/objects/node_reader.h"

#include "coordinator/platform/kube/objects/json.h"

namespace shardkeeper::platform::kube {
namespace {

// The newer one first. Clusters that grew up before 1.17 have the older one only.
constexpr const char* kZoneLabels[] = {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"};

}  // namespace

model::Worker read_node(const boost::json::object& node) {
  model::Worker worker;
  worker.name = WorkerName(json::text_at(node, {"metadata", "name"}));
  for (const auto* const label : kZoneLabels)
    if (worker.zone.empty()) worker.zone = json::text_at(node, {"metadata", "labels", label});
  // A kubelet that never reported is not ready; one that fell silent is "Unknown".
  const auto* ready = json::element(json::list_at(node, {"status", "conditions"}), "type", "Ready");
  worker.ready = ready != nullptr && json::text_at(*ready, {"status"}) == "True";
  worker.schedulable = !json::is_true_at(node, {"spec", "unschedulable"});
  for (const auto& one : json::list_at(node, {"spec", "taints"}))
    if (const auto* taint = one.if_object()) worker.taints.push_back(json::text_at(*taint, {"key"}));
  return worker;
}

std::string kubelet_version(const boost::json::object& node) { return json::text_at(node, {"status", "nodeInfo", "kubeletVersion"}); }

}  // namespace shardkeeper::platform::kube
