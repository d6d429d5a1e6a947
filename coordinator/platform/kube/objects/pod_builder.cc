#include "coordinator/platform/kube/objects/pod_builder.h"

#include "common/types/fnv1a.h"
#include "coordinator/model/memory.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"
#include "coordinator/platform/kube/objects/pod_affinity.h"
#include "coordinator/platform/kube/objects/pod_containers.h"
#include "coordinator/platform/kube/objects/secrets.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::uint64_t kVolumePercent = 120;  // of maxmemory
constexpr std::uint64_t kVolumeBytesMin = std::uint64_t{64} << 20;

// Keys of ours in the user's labels or annotations would make a pod another one's: they are left out.
void add_texts(object& to, const object& spec, std::string_view which) {
  for (const auto& [key, value] : json::texts_at(spec, {"podMetadata", which}))
    if (!key.starts_with(std::string(kGroup) + "/")) to.emplace(key, value);
}

object metadata(const PodPlan& plan) {
  object made = metadata_of(plan.cluster.object, plan.request.name.value, "server");
  auto& labels = made["labels"].as_object();
  labels[model::kLabelShard] = to_string(plan.request.shard);
  add_texts(labels, plan.cluster.spec, "labels");
  object annotations{{"cluster-autoscaler.kubernetes.io/safe-to-evict", "true"}, {"kubectl.kubernetes.io/default-container", kValkey}};
  add_texts(annotations, plan.cluster.spec, "annotations");
  made["annotations"] = std::move(annotations);
  return made;
}

object data_volume(const model::ClusterSpec& spec) {
  object where;
  if (const auto maxmemory = model::maxmemory_bytes(spec))
    where["sizeLimit"] = std::to_string(std::max(*maxmemory / 100 * kVolumePercent, kVolumeBytesMin));
  return {{"name", kDataVolume}, {"emptyDir", std::move(where)}};
}

// Optional: a pod whose Secret is missing starts, and says so itself.
object secret_volume(const char* name, const boost::json::value& secret) {
  constexpr int kOwnerMayRead = 0440;
  return {{"name", name}, {"secret", object{{"secretName", secret}, {"defaultMode", kOwnerMayRead}, {"optional", true}}}};
}

object users_volume(const object& users) {
  object made = secret_volume(kUsersVolume, users.at("name"));
  made["secret"].as_object()["items"] = array{object{{"key", users.contains("key") ? users.at("key") : kUsersFile}, {"path", kUsersFile}}};
  return made;
}

array volumes(const PodPlan& plan) {
  array made{data_volume(plan.cluster.object.spec), identity_volume(plan.cluster.object.name, plan.request.name)};
  if (const auto* users = users_secret(plan)) made.push_back(users_volume(*users));
  if (const auto* tls = server_tls(plan)) made.push_back(secret_volume(kServerTlsVolume, tls->at("secretName")));
  for (const auto& extra : json::list_at(plan.cluster.spec, {"extraVolumes"})) made.push_back(extra);
  return made;
}

object pod_security() {
  return {{"runAsNonRoot", true},
          {"runAsUser", kUserId},
          {"runAsGroup", kUserId},
          {"fsGroup", kUserId},
          {"seccompProfile", object{{"type", "RuntimeDefault"}}}};
}

// What the user says of pods and what is not ours to understand.
void pass_on(const object& spec, object& pod_spec) {
  for (const auto* const field : {"nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets"})
    if (const auto* value = spec.if_contains(field)) pod_spec[field] = *value;
}

object pod_spec(const PodPlan& plan) {
  array init{prepare_container(plan)};
  array containers{valkey_container(plan)};
  (plan.agent == AgentIs::kNativeSidecar ? init : containers).push_back(agent_container(plan));
  for (const auto& extra : json::list_at(plan.cluster.spec, {"extraContainers"})) containers.push_back(extra);
  object spec{{"automountServiceAccountToken", false},
              {"enableServiceLinks", false},
              {"restartPolicy", "Always"},
              {"terminationGracePeriodSeconds", kGraceSeconds},
              {"readinessGates", array{object{{"conditionType", model::kConditionInCluster}}}},
              {"securityContext", pod_security()},
              {"affinity", affinity_of(plan)}};
  if (auto spread = topology_spread_of(plan); !spread.empty()) spec["topologySpreadConstraints"] = std::move(spread);
  pass_on(plan.cluster.spec, spec);
  spec["initContainers"] = std::move(init);
  spec["containers"] = std::move(containers);
  spec["volumes"] = volumes(plan);
  return spec;
}

std::string hash_of(std::string_view text) {
  Fnv1a hash;
  hash.add_bytes(text);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash.value()));
  return digits;
}

constexpr char kSettingsDivider = '.';

std::string hash_of_pod(const KubeCluster& cluster) {
  const model::PodRequest nobody;
  const PodPlan plan{cluster, nobody, "", AgentIs::kOrdinaryContainer};
  return hash_of(boost::json::serialize(object{{"metadata", metadata(plan)}, {"spec", pod_spec(plan)}}));
}

}  // namespace

std::string made_from(const KubeCluster& cluster) {
  KubeCluster without_settings = cluster;
  without_settings.object.spec.config.clear();
  return hash_of_pod(without_settings) + kSettingsDivider + hash_of_pod(cluster);
}

bool differ_in_settings_only(std::string_view one, std::string_view other) {
  const auto end = one.find(kSettingsDivider);
  return one != other && end != std::string_view::npos && one.substr(0, end) == other.substr(0, other.find(kSettingsDivider));
}

object build_pod(const PodPlan& plan) {
  object pod{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata(plan)}, {"spec", pod_spec(plan)}};
  pod["metadata"].as_object()["annotations"].as_object()[kMadeFromAnnotation] = made_from(plan.cluster);
  return pod;
}

}  // namespace shardkeeper::platform::kube
