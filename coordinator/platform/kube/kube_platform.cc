#include "coordinator/platform/kube/kube_platform.h"

#include "common/log/log.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/pod_builder.h"
#include "coordinator/platform/kube/objects/time_text.h"

#include <algorithm>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr Duration kTroubleLook = std::chrono::seconds(2);

Error no_such_pod(const PodName& pod) { return not_found("pod " + pod.value, "there is none of that name"); }

// A pod of another uid is not the one that was meant: that one is gone.
Result<void> outcome_of(const Result<boost::json::value>& reply, const PodName& pod) {
  if (reply) return {};
  if (reply.error().kind == ErrorKind::kConflict) return not_found("pod " + pod.value, to_string(reply.error()));
  return reply.error();
}

}  // namespace

KubePlatform::KubePlatform(Api& api, Scheduler& scheduler, const Features& features, KubePlatformOptions options, Hooks hooks)
    : api_(api),
      scheduler_(scheduler),
      features_(features),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      pods_(api, scheduler, options_.spaces, options_.seed,
            {.changed = [this] { pods_changed(); },
             .synced = [this] { hooks_.synced(); },
             .troubled = [this](const Error& error) { watch_troubled(error); }}),
      homes_(api, scheduler, features, options_.spaces, options_.seed + 5000,
             {.changed = [this](const ClusterName& cluster) { hooks_.access_changed(cluster); },
              .troubled = [this](const Error& error) { watch_troubled(error); },
              .pods_of = [this](const ClusterName& cluster) { return pods_of(cluster); }}) {}

KubePlatform::~KubePlatform() { *alive_ = false; }

void KubePlatform::open_cluster(const KubeCluster& cluster) {
  opened_[cluster.object.name] = {cluster.object.uid, made_from(cluster)};
  pods_.show_only(opened_);
  homes_.open(cluster);
}

void KubePlatform::close_cluster(const ClusterName& cluster) {
  opened_.erase(cluster);
  pods_.show_only(opened_);
  homes_.close(cluster);
}

std::vector<ClusterName> KubePlatform::open_clusters() const {
  std::vector<ClusterName> clusters;
  for (const auto& [name, known] : opened_) clusters.push_back(name);
  return clusters;
}

std::map<std::string, Error> KubePlatform::troubles(const ClusterName& cluster) const {
  auto troubles = homes_.troubles(cluster);
  if (const auto trouble = watch_trouble()) troubles.emplace("API server", *trouble);
  return troubles;
}

int KubePlatform::outdated_pods(const ClusterName& cluster) const {
  return static_cast<int>(std::ranges::count_if(view().pods, [&](const model::Pod& pod) {
    return pod.cluster == cluster && !pod.is_deleting && pod.is_outdated && !pod.differs_in_settings_only;
  }));
}

void KubePlatform::pods_changed() {
  homes_.pods_changed();
  if (changed_) changed_();
}

void KubePlatform::watch_troubled(const Error& error) {
  log::warn("watching the API server", {{"reason", to_string(error)}});
  if (!trouble_timer_) trouble_timer_ = scheduler_.after(kTroubleLook, [this] { tell_trouble(); });
}

// A watch that is up again says nothing, so it is looked at until then.
void KubePlatform::tell_trouble() {
  trouble_timer_.reset();
  if (watch_trouble()) trouble_timer_ = scheduler_.after(kTroubleLook, [this] { tell_trouble(); });
  for (const auto& [cluster, known] : opened_) hooks_.access_changed(cluster);
}

std::optional<Error> KubePlatform::watch_trouble() const { return pods_.trouble() ? pods_.trouble() : homes_.watch_trouble(); }

PodsOfCluster KubePlatform::pods_of(const ClusterName& cluster) const {
  PodsOfCluster found;
  for (const auto& pod : view().pods) {
    if (pod.cluster != cluster) continue;
    found.names.insert(pod.name);
    if (const auto shard = pod.shard()) found.shards.insert(*shard);
  }
  return found;
}

std::string KubePlatform::agent_address(const model::Pod& pod) const {
  if (pod.ip.empty()) return "";
  const bool is_v6 = pod.ip.find(':') != std::string::npos;
  return (is_v6 ? "[" + pod.ip + "]" : pod.ip) + ":" + std::to_string(kAgentRpcPort);
}

AgentIs KubePlatform::agent_kind() const {
  const auto oldest = pods_.oldest_kubelet();
  return oldest && has_native_sidecars(features_.server, *oldest) ? AgentIs::kNativeSidecar : AgentIs::kOrdinaryContainer;
}

void KubePlatform::create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) {
  if (pods_.place_of(request.name)) return answer(std::move(done), conflict("pod " + request.name.value, "there is one of that name"));
  // The identity first: a kubelet that does not find it in the Secret waits for a minute before it looks again.
  homes_.issue_identity(cluster.name, request.name,
                        [this, cluster = cluster.name, request, done = std::move(done)](const Result<void>& issued) mutable {
                          if (!issued) return answer(std::move(done), issued.error());
                          post_pod(cluster, request, std::move(done));
                        });
}

void KubePlatform::post_pod(const ClusterName& cluster, const model::PodRequest& request, Done done) {
  const auto* known = homes_.find(cluster);
  if (known == nullptr) return answer(std::move(done), not_found("cluster " + cluster.value, "was deleted"));
  auto pod = build_pod({*known, request, options_.helper_image, agent_kind()});
  api_.call(
      create_request(resources::kPods, known->object.space, std::move(pod)),
      [this, alive = std::weak_ptr<bool>(alive_), name = request.name, done = std::move(done)](const Result<boost::json::value>& reply) {
        const auto still = alive.lock();
        if (!still || !*still) return;
        if (!reply) return done(reply.error());
        log::info("pod created", {{"pod", name.value}});
        if (const auto* made = reply->if_object()) pods_.saw_created(*made);
        done({});
      });
}

void KubePlatform::send(const PodName& pod, Done done, const std::function<Request(const ObjectName&)>& request) {
  const auto place = pods_.place_of(pod);
  if (!place) return answer(std::move(done), no_such_pod(pod));
  api_.call(request(*place), [pod, done = std::move(done)](const Result<boost::json::value>& reply) { done(outcome_of(reply, pod)); });
}

void KubePlatform::evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) {
  log::info("pod evicted", {{"pod", pod.value}, {"grace_seconds", std::to_string(grace.count())}});
  send(pod, std::move(done), [&](const ObjectName& place) {
    return evict_request(features_.eviction_api, place, Preconditions{uid.value, ""}, grace);
  });
}

void KubePlatform::remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) {
  log::info("pod deleted", {{"pod", pod.value}, {"grace_seconds", std::to_string(grace.count())}});
  send(pod, std::move(done), [&](const ObjectName& place) {
    return delete_request(resources::kPods, place, Preconditions{uid.value, ""}, grace);
  });
}

void KubePlatform::set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) {
  send(pod, std::move(done), [&](const ObjectName& place) {
    return merge_patch_request(resources::kPods, place, object{{"metadata", object{{"labels", json::from_texts(labels)}}}});
  });
}

void KubePlatform::set_condition(const PodName& pod, const std::string& type, bool holds, const std::string& reason, Done done) {
  const object condition{{"type", type},
                         {"status", holds ? "True" : "False"},
                         {"reason", holds ? "InCluster" : "NotInCluster"},
                         {"message", reason},
                         {"lastTransitionTime", time_text(scheduler_.unix_ms())}};
  send(pod, std::move(done), [&](const ObjectName& place) {
    return strategic_patch_request(resources::kPods, place, object{{"status", object{{"conditions", array{condition}}}}}, "status");
  });
}

void KubePlatform::answer(Done done, Result<void> result) {
  scheduler_.post([alive = std::weak_ptr<bool>(alive_), done = std::move(done), result = std::move(result)] {
    if (const auto still = alive.lock(); still && *still) done(result);
  });
}

}  // namespace shardkeeper::platform::kube
