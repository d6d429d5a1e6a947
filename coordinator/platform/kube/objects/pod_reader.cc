#include "coordinator/platform/kube/objects/pod_reader.h"

#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"

#include <string_view>

namespace shardkeeper::platform::kube {
namespace {

constexpr std::string_view kOwnLabels = "shardkeeper.io/";

model::PodPhase phase_of(const boost::json::object& pod) {
  const auto phase = json::text_at(pod, {"status", "phase"});
  if (phase == "Running" || phase == "Unknown") return model::PodPhase::kRunning;  // Unknown: its worker is silent
  return phase == "Failed" || phase == "Succeeded" ? model::PodPhase::kFailed : model::PodPhase::kPending;
}

// The kubelet's own word that this instance ended. "ContainerStatusUnknown" is its word that it does not know.
std::string ended_id(const boost::json::object& status, std::string_view where) {
  const auto* terminated = json::object_at(status, {where, "terminated"});
  if (terminated == nullptr || json::text_at(*terminated, {"reason"}) == "ContainerStatusUnknown") return {};
  return json::text_at(*terminated, {"containerID"});
}

model::ContainerStatus read_container(const boost::json::object& status) {
  model::ContainerStatus container;
  container.name = json::text_at(status, {"name"});
  container.id = json::text_at(status, {"containerID"});
  container.running = json::object_at(status, {"state", "running"}) != nullptr;
  container.restarts = static_cast<int>(json::number_at(status, {"restartCount"}));
  auto ended = ended_id(status, "state");
  if (ended.empty()) ended = ended_id(status, "lastState");
  if (!ended.empty()) container.terminated_id = std::move(ended);
  return container;
}

void add_containers(const boost::json::array& statuses, std::vector<model::ContainerStatus>& containers) {
  for (const auto& one : statuses) {
    const auto* status = one.if_object();
    if (status == nullptr) continue;
    auto container = read_container(*status);
    if (container.name == kPrepare || container.name == kAgent || container.name == kValkey) containers.push_back(std::move(container));
  }
}

std::string image_of(const boost::json::object& pod) {
  const auto* valkey = json::element(json::list_at(pod, {"spec", "containers"}), "name", kValkey);
  return valkey == nullptr ? std::string() : json::text_at(*valkey, {"image"});
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const auto& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : ": ") + part;
  return text;
}

std::string end_text(const boost::json::object& terminated) {
  auto message = json::text_at(terminated, {"message"});
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return joined({"exit code " + std::to_string(json::number_at(terminated, {"exitCode"})), json::text_at(terminated, {"reason"}), message});
}

// Waiting for these is the ordinary life of a pod.
bool is_ordinary(std::string_view reason) { return reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing"; }

std::string container_trouble(const boost::json::object& status) {
  const auto reason = json::text_at(status, {"state", "waiting", "reason"});
  if (is_ordinary(reason)) return {};
  const auto* last = json::object_at(status, {"lastState", "terminated"});
  return joined({json::text_at(status, {"name"}), reason, json::text_at(status, {"state", "waiting", "message"}),
                 last == nullptr ? std::string() : "last end: " + end_text(*last)});
}

std::string containers_trouble(const boost::json::array& statuses) {
  for (const auto& one : statuses)
    if (const auto* status = one.if_object())
      if (auto trouble = container_trouble(*status); !trouble.empty()) return trouble;
  return {};
}

}  // namespace

std::string trouble_of(const boost::json::object& pod) {
  if (phase_of(pod) == model::PodPhase::kFailed)
    return joined(
        {json::text_at(pod, {"status", "phase"}), json::text_at(pod, {"status", "reason"}), json::text_at(pod, {"status", "message"})});
  const auto& conditions = json::list_at(pod, {"status", "conditions"});
  if (const auto* scheduled = json::element(conditions, "type", "PodScheduled"))
    if (json::text_at(*scheduled, {"status"}) == "False")
      return joined({json::text_at(*scheduled, {"reason"}), json::text_at(*scheduled, {"message"})});
  auto trouble = containers_trouble(json::list_at(pod, {"status", "initContainerStatuses"}));
  return trouble.empty() ? containers_trouble(json::list_at(pod, {"status", "containerStatuses"})) : trouble;
}

model::Pod read_pod(const boost::json::object& pod) {
  model::Pod read;
  read.name = PodName(json::text_at(pod, {"metadata", "name"}));
  read.uid = PodUid(json::text_at(pod, {"metadata", "uid"}));
  for (auto& [key, value] : json::texts_at(pod, {"metadata", "labels"}))
    if (key.starts_with(kOwnLabels)) read.labels.emplace(key, value);
  if (const auto label = read.labels.find(model::kLabelCluster); label != read.labels.end()) read.cluster = ClusterName(label->second);
  read.worker = WorkerName(json::text_at(pod, {"spec", "nodeName"}));
  read.ip = json::text_at(pod, {"status", "podIP"});
  read.phase = phase_of(pod);
  add_containers(json::list_at(pod, {"status", "initContainerStatuses"}), read.containers);
  add_containers(json::list_at(pod, {"status", "containerStatuses"}), read.containers);
  read.image = image_of(pod);
  read.is_deleting = !json::text_at(pod, {"metadata", "deletionTimestamp"}).empty();
  for (const auto& one : json::list_at(pod, {"status", "conditions"}))
    if (const auto* condition = one.if_object())
      read.conditions[json::text_at(*condition, {"type"})] = json::text_at(*condition, {"status"}) == "True";
  read.trouble = trouble_of(pod);
  return read;
}

}  // namespace shardkeeper::platform::kube
