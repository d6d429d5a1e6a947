#include "coordinator/surroundings/kube_objects.h"

#include "coordinator/platform/kube/objects/json.h"

namespace shardkeeper::coordinator {

namespace kube = platform::kube;

namespace {

constexpr const char* kTakenText = "the name is taken by the cluster in namespace ";

}  // namespace

bool KubeObjects::saw(const kube::ObjectName& name, const boost::json::object& object) {
  if (!kube::json::text_at(object, {"metadata", "deletionTimestamp"}).empty()) return gone(name);
  const auto known = objects_.find(name);
  const auto generation = kube::json::number_at(object, {"metadata", "generation"});
  if (known != objects_.end() && generation != 0 && known->second.generation == generation &&
      known->second.good.object.uid == kube::json::text_at(object, {"metadata", "uid"}))
    return false;
  auto read = kube::read_cluster(object);
  auto& seen = objects_[name];
  if (seen.good.object.uid != read.cluster.object.uid) seen = {};  // made again: nothing of the former one holds
  seen.generation = read.cluster.generation;
  seen.rejected_because = kube::to_text(read.errors);
  if (read.errors.empty() || !seen.is_good) seen.good = std::move(read.cluster);
  seen.is_good = seen.is_good || read.errors.empty();
  take_free_names();
  return true;
}

bool KubeObjects::gone(const kube::ObjectName& name) {
  const bool was_there = objects_.erase(name) != 0;
  take_free_names();
  return was_there;
}

void KubeObjects::take_free_names() {
  std::erase_if(names_, [&](const auto& entry) {
    const auto holder = objects_.find(entry.second);
    return holder == objects_.end() || !holder->second.is_good;
  });
  for (auto& [name, seen] : objects_) {
    if (!seen.is_good) continue;
    const auto& holder = names_.emplace(seen.good.object.name, name).first->second;
    const bool says_taken = seen.rejected_because.starts_with(kTakenText);
    if (holder != name)
      seen.rejected_because = kTakenText + holder.space + "; names must differ, across namespaces too";
    else if (says_taken)
      seen.rejected_because.clear();
  }
}

const SeenObject* KubeObjects::running(const ClusterName& cluster) const {
  const auto holder = names_.find(cluster);
  return holder == names_.end() ? nullptr : &objects_.at(holder->second);
}

}  // namespace shardkeeper::coordinator
