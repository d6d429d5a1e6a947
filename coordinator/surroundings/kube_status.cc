#include "coordinator/surroundings/kube_status.h"

#include "common/types/slot_set.h"
#include "coordinator/model/pods.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/time_text.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>

namespace shardkeeper::coordinator {
namespace {

using boost::json::array;
using boost::json::object;
namespace json = platform::kube::json;

constexpr std::size_t kMessageBytesMax = 1024;  // the API allows 32 KiB; a person reads less

object condition(const char* type, const char* status, std::int64_t generation, std::string reason, std::string message) {
  if (message.size() > kMessageBytesMax) message = message.substr(0, kMessageBytesMax) + "…";
  return {{"type", type},
          {"status", status},
          {"observedGeneration", generation},
          {"reason", std::move(reason)},
          {"message", std::move(message)}};
}

const char* truth(bool holds) { return holds ? "True" : "False"; }

bool is_serious(const admin::v1::Finding& finding) { return finding.family() == "misconfigured" || finding.family() == "unsafe"; }

const admin::v1::Finding* find(const admin::v1::ClusterStatus& cluster, std::initializer_list<std::string_view> reasons) {
  for (const auto& finding : cluster.findings())
    if (std::ranges::find(reasons, finding.reason()) != reasons.end()) return &finding;
  return nullptr;
}

std::string text_of(const admin::v1::Finding& finding) { return finding.subject() + ": " + finding.detail(); }

bool is_shard_ready(const admin::v1::ShardStatus& shard, int replicas_wanted) {
  int replicas = 0;
  bool has_primary = false;
  for (const auto& pod : shard.pods()) {
    has_primary = has_primary || (pod.role() == "primary" && pod.ready());
    replicas += pod.role() == "replica" && pod.ready() ? 1 : 0;
  }
  return has_primary && shard.slots() > 0 && replicas >= replicas_wanted;
}

std::string why_not_ready(const admin::v1::ShardStatus& shard) {
  for (const auto& pod : shard.pods())
    if (!pod.ready()) return pod.reason();
  return shard.slots() == 0 ? "NoSlots" : "MissingPod";
}

array shard_summary(const admin::v1::ClusterStatus& cluster) {
  array shards;
  for (const auto& shard : cluster.shards()) {
    object out{{"shard", shard.shard()}};
    int replicas = 0;
    int ready = 0;
    for (const auto& pod : shard.pods()) {
      if (pod.role() == "primary" && !out.contains("primary")) {
        out["primary"] = pod.name();
        out["worker"] = pod.worker();
      }
      replicas += pod.role() == "replica" ? 1 : 0;
      ready += pod.role() == "replica" && pod.ready() ? 1 : 0;
    }
    out["slots"] = shard.slots();
    out["replicas"] = replicas;
    out["readyReplicas"] = ready;
    if (!is_shard_ready(shard, cluster.replicas_per_shard())) out["reason"] = why_not_ready(shard);
    shards.push_back(std::move(out));
  }
  return shards;
}

std::string versions(const admin::v1::ClusterStatus& cluster) {
  std::set<std::string> found;
  for (const auto& shard : cluster.shards())
    for (const auto& pod : shard.pods())
      if (!pod.server_version().empty()) found.insert(pod.server_version());
  std::string text;
  for (const auto& version : found) text += (text.empty() ? "" : ", ") + version;
  return text;
}

// Shards of the spec that own slots; the others come or go.
double imbalance(const admin::v1::ClusterStatus& cluster) {
  int most = 0;
  for (const auto& shard : cluster.shards()) most = std::max(most, shard.slots());
  return cluster.slots_served() == 0 ? 0 : static_cast<double>(most) * cluster.shards_wanted() / cluster.slots_served();
}

std::string two_digits(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", number);
  return text;
}

std::string progress_of_moves(const admin::v1::Migration& migration) {
  std::int64_t total = migration.slots_left();
  std::int64_t done = 0;
  for (const auto& job : migration.jobs()) done += job.slots_done();
  total = std::max<std::int64_t>(total, 1);
  return std::to_string(std::min<std::int64_t>(100, done * 100 / total)) + "%";
}

std::optional<object> operation(const admin::v1::ClusterStatus& cluster) {
  const auto& migration = cluster.migration();
  if (migration.slots_left() > 0 || migration.jobs_size() > 0)
    return object{
        {"kind", "MovingSlots"},
        {"message", std::to_string(migration.slots_left()) + " slots to move, " + std::to_string(migration.jobs_size()) + " jobs"},
        {"progress", progress_of_moves(migration)}};
  if (cluster.reason() == "Creating" || cluster.reason() == "Repairing")
    return object{{"kind", cluster.reason()}, {"message", cluster.message()}};
  return std::nullopt;
}

object degraded(const StatusInput& input) {
  for (auto it = input.cluster.findings().rbegin(); it != input.cluster.findings().rend(); ++it)  // the worst are last
    if (is_serious(*it)) return condition("Degraded", "True", input.generation, it->reason(), text_of(*it));
  for (const auto& shard : input.cluster.shards())
    if (input.cluster.slots_served() == kSlotCount && !is_shard_ready(shard, input.cluster.replicas_per_shard()) &&
        shard.shard() < input.cluster.shards_wanted() && shard.slots() > 0)
      return condition("Degraded", "True", input.generation, "ReplicaMissing",
                       "shard " + std::to_string(shard.shard()) + " has fewer synced replicas than asked for");
  return condition("Degraded", "False", input.generation, "Healthy", "nothing is wrong");
}

object up_to_date(const StatusInput& input) {
  if (!input.rejected_because.empty())
    return condition("UpToDate", "False", input.generation, "ManifestRejected", "the cluster runs as it was: " + input.rejected_because);
  if (const auto* finding = find(input.cluster, {"NotHonoured", "SettingRefused", "UsersRejected", "TlsRejected", "RollNeeded"}))
    return condition("UpToDate", "False", input.generation, finding->reason(), text_of(*finding));
  if (input.outdated_pods > 0)
    return condition(
        "UpToDate", "False", input.generation, "RollNeeded",
        std::to_string(input.outdated_pods) + " pods were made from an earlier spec; they take today's when they are replaced");
  return condition("UpToDate", "True", input.generation, "UpToDate", "every pod was made from the present spec");
}

object balanced(const StatusInput& input) {
  const auto& cluster = input.cluster;
  if (cluster.slots_served() == 0) return condition("Balanced", "Unknown", input.generation, "Creating", "no slot is served yet");
  if (const auto* finding = find(cluster, {"NoHeadRoom", "MoveFailed", "SlotsWait"}))
    return condition("Balanced", "False", input.generation, finding->reason(), text_of(*finding));
  if (cluster.migration().slots_left() > 0)
    return condition("Balanced", "False", input.generation, "Rebalance",
                     std::to_string(cluster.migration().slots_left()) + " slots are on their way to another shard");
  return condition("Balanced", "True", input.generation, "Even",
                   "the largest shard has " + two_digits(imbalance(cluster)) + " times the slots of the average");
}

array conditions(const StatusInput& input, const std::optional<object>& under_way) {
  const auto& cluster = input.cluster;
  const bool all_slots = cluster.slots_served() == kSlotCount;
  return {condition("Ready", truth(cluster.ready()), input.generation, cluster.reason(), cluster.message()),
          condition("Progressing", truth(under_way.has_value()), input.generation,
                    under_way ? json::text_at(*under_way, {"kind"}) : std::string("Settled"),
                    under_way ? json::text_at(*under_way, {"message"}) : std::string("nothing is under way")),
          degraded(input),
          condition("SlotsAssigned", truth(all_slots), input.generation, all_slots ? "AllServed" : "SlotsUnserved",
                    std::to_string(cluster.slots_served()) + " of " + std::to_string(kSlotCount) + " slots are served"),
          up_to_date(input),
          balanced(input)};
}

array conditions_of_one_reason(std::int64_t generation, const std::string& reason, const std::string& because) {
  array made{condition("Ready", "False", generation, reason, because)};
  for (const auto* const type : {"Progressing", "Degraded", "SlotsAssigned", "UpToDate", "Balanced"})
    made.push_back(condition(type, std::string_view(type) == "Degraded" ? "True" : "False", generation, reason, because));
  return made;
}

}  // namespace

object cluster_status(const StatusInput& input) {
  const auto& cluster = input.cluster;
  const auto under_way = operation(cluster);
  int exist = 0;
  int ready = 0;
  for (const auto& shard : cluster.shards()) {
    exist += shard.pods_size() > 0 ? 1 : 0;
    ready += is_shard_ready(shard, cluster.replicas_per_shard()) ? 1 : 0;
  }
  object status{{"observedGeneration", input.generation},
                {"conditions", conditions(input, under_way)},
                {"shards", exist},
                {"readyShards", ready},
                {"slots", cluster.slots_served()}};
  status["selector"] = std::string(model::kLabelCluster) + "=" + input.object.name.value + "," + model::kLabelRole + "=primary";
  if (cluster.slots_served() > 0) status["imbalance"] = two_digits(imbalance(cluster));
  if (const auto text = versions(cluster); !text.empty()) status["version"] = text;
  if (under_way) status["operation"] = *under_way;
  status["shardSummary"] = shard_summary(cluster);
  return status;
}

object rejected_status(std::int64_t generation, const std::string& because) {
  return {{"observedGeneration", generation}, {"conditions", conditions_of_one_reason(generation, "ManifestRejected", because)}};
}

object waiting_status(std::int64_t generation, const std::string& reason, const std::string& because) {
  return {{"observedGeneration", generation}, {"conditions", conditions_of_one_reason(generation, reason, because)}};
}

object status_at(object status, const object& before, std::int64_t unix_ms) {
  const auto& old_conditions = json::list_at(before, {"conditions"});
  for (auto& one : status["conditions"].as_array()) {
    auto& now = one.as_object();
    const auto* old = json::element(old_conditions, "type", json::text_at(now, {"type"}));
    const bool is_same = old != nullptr && json::text_at(*old, {"status"}) == json::text_at(now, {"status"});
    const auto since = is_same ? json::text_at(*old, {"lastTransitionTime"}) : std::string();
    now["lastTransitionTime"] = since.empty() ? platform::kube::time_text(unix_ms) : since;
  }
  if (auto* under_way = status.if_contains("operation")) {
    const bool goes_on = json::text_at(before, {"operation", "kind"}) == json::text_at(under_way->as_object(), {"kind"});
    const auto since = goes_on ? json::text_at(before, {"operation", "startedAt"}) : std::string();
    under_way->as_object()["startedAt"] = since.empty() ? platform::kube::time_text(unix_ms) : since;
  }
  return status;
}

}  // namespace shardkeeper::coordinator
