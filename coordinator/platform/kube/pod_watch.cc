#include "coordinator/platform/kube/pod_watch.h"

#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/node_reader.h"
#include "coordinator/platform/kube/objects/pod_builder.h"
#include "coordinator/platform/kube/objects/pod_reader.h"

#include <algorithm>

namespace shardkeeper::platform::kube {

PodWatch::PodWatch(Api& api, Scheduler& scheduler, const std::vector<std::string>& spaces, std::uint64_t seed, Hooks hooks)
    : scheduler_(scheduler), hooks_(std::move(hooks)) {
  // What they say is read as it comes, and kept as pods and workers; of the objects no more than whether they are there.
  const std::vector<std::string> read_at_once{"spec", "status"};
  const ReflectorOptions pods{.resource = resources::kPods,
                              .selection = {.space = "", .label_selector = model::kLabelCluster, .field_selector = ""},
                              .seed = seed,
                              .dropped = read_at_once};
  pod_reflector_ = std::make_unique<Reflectors>(api, scheduler, pods, spaces,
                                                Reflector::Hooks{.changed = [this](const Change& change) { pod_changed(change); },
                                                                 .synced =
                                                                     [this] {
                                                                       read_all_pods();
                                                                       tell_if_synced();
                                                                     },
                                                                 .troubled = hooks_.troubled});
  const ReflectorOptions nodes{.resource = resources::kNodes, .selection = {}, .seed = seed + 1000, .dropped = read_at_once};
  node_reflector_ = std::make_unique<Reflector>(api, scheduler, nodes,
                                                Reflector::Hooks{.changed = [this](const Change& change) { node_changed(change); },
                                                                 .synced = [this] { tell_if_synced(); },
                                                                 .troubled = hooks_.troubled});
}

PodWatch::~PodWatch() { *alive_ = false; }

void PodWatch::tell_if_synced() {
  if (told_synced_ || !node_reflector_ || !pod_reflector_->is_synced() || !node_reflector_->is_synced()) return;
  told_synced_ = true;
  rebuild();
  hooks_.synced();
}

void PodWatch::show_only(KnownClusters clusters) {
  if (clusters == clusters_) return;
  clusters_ = std::move(clusters);
  mark_changed();
}

void PodWatch::take(const ObjectName& name, const boost::json::object& object) {
  const auto owner = owner_of(object);
  if (!owner) {
    pods_.erase(name);
    return;
  }
  auto& seen = pods_[name];
  seen = {read_pod(object), *owner, json::text_at(object, {"metadata", "annotations", kMadeFromAnnotation})};
  seen.pod.cluster = owner->cluster;  // a label can be edited; whose it is, cannot
}

void PodWatch::saw_created(const boost::json::object& pod) {
  const ObjectName name{json::text_at(pod, {"metadata", "namespace"}), json::text_at(pod, {"metadata", "name"})};
  if (pods_.contains(name)) return;
  take(name, pod);
  mark_changed();
}

// What the platform says of a server that ended must be seen before the pod is gone, or restarted: a missing pod proves nothing.
void PodWatch::pod_changed(const Change& change) {
  const auto before = pods_.find(change.name);
  const bool had_ended = before != pods_.end() && before->second.pod.server_ended();
  take(change.name, change.object);
  const auto now = pods_.find(change.name);
  if (told_synced_ && now != pods_.end() && now->second.pod.server_ended() && !had_ended) {
    rebuild();
    hooks_.changed();
  }
  if (change.type == Change::Type::kDeleted) pods_.erase(change.name);
  mark_changed();
}

void PodWatch::read_all_pods() {
  std::erase_if(pods_, [this](const auto& entry) { return pod_reflector_->find(entry.first) == nullptr; });
  mark_changed();
}

void PodWatch::node_changed(const Change& change) {
  const WorkerName name(change.name.name);
  if (change.type == Change::Type::kDeleted) {
    workers_.erase(name);
    kubelets_.erase(name);
    return mark_changed();
  }
  auto worker = read_node(change.object);
  if (const auto version = parse_version(kubelet_version(change.object)))
    kubelets_[name] = *version;
  else
    kubelets_.erase(name);
  // Kubelets report every few seconds; most of it is nothing new.
  const auto known = workers_.find(name);
  if (known != workers_.end() && known->second == worker) return;
  workers_[name] = std::move(worker);
  mark_changed();
}

void PodWatch::mark_changed() {
  if (is_change_due_ || !told_synced_) return;
  is_change_due_ = true;
  scheduler_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    const auto still = alive.lock();
    if (!still || !*still) return;
    is_change_due_ = false;
    rebuild();
    hooks_.changed();
  });
}

void PodWatch::rebuild() {
  view_.pods.clear();
  for (const auto& [name, seen] : pods_) {
    const auto known = clusters_.find(seen.owner.cluster);
    if (known == clusters_.end() || known->second.uid != seen.owner.uid) continue;
    view_.pods.push_back(seen.pod);
    view_.pods.back().is_outdated = seen.made_from != known->second.made_from;
    view_.pods.back().differs_in_settings_only = differ_in_settings_only(seen.made_from, known->second.made_from);
  }
  std::ranges::sort(view_.pods, {}, &model::Pod::name);
  view_.workers.clear();
  for (const auto& [name, worker] : workers_) view_.workers.push_back(worker);
}

const std::optional<Error>& PodWatch::trouble() const {
  return pod_reflector_->trouble() ? pod_reflector_->trouble() : node_reflector_->trouble();
}

std::optional<ObjectName> PodWatch::place_of(const PodName& pod) const {
  for (const auto& [name, seen] : pods_)
    if (seen.pod.name == pod) return name;
  return std::nullopt;
}

std::optional<KubeVersion> PodWatch::oldest_kubelet() const {
  std::optional<KubeVersion> oldest;
  for (const auto& [name, worker] : workers_) {
    if (!worker.schedulable) continue;
    const auto version = kubelets_.find(name);
    const KubeVersion said = version == kubelets_.end() ? KubeVersion{} : version->second;  // silent: old, for all that is known
    if (!oldest || said < *oldest) oldest = said;
  }
  return oldest;
}

}  // namespace shardkeeper::platform::kube
