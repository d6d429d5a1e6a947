#include "coordinator/surroundings/kube_surroundings.h"

#include "common/log/log.h"
#include "coordinator/admin/moves.h"
#include "coordinator/admin/status.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/surroundings/kube_status.h"

#include <set>

namespace shardkeeper::coordinator {
namespace {

namespace kube = platform::kube;

constexpr Duration kDiscoverRetry = std::chrono::seconds(2);
constexpr Duration kStatusInterval = std::chrono::milliseconds(500);
constexpr Duration kRaiseRetry = std::chrono::seconds(1);
constexpr Duration kRenewalInterval = std::chrono::hours(12);  // our own certificates are valid for a year

const kube::Resource kClusters{kube::kApiVersion, kube::kKind, kube::kPlural};

std::vector<model::Finding> findings_of(const SeenObject& seen, const std::map<std::string, Error>& troubles) {
  std::vector<model::Finding> findings;
  if (!seen.rejected_because.empty()) findings.push_back({model::Reason::kManifestRejected, "cluster", seen.rejected_because});
  for (const auto& [name, error] : troubles) findings.push_back({model::Reason::kStepFailed, name, to_string(error)});
  return findings;
}

bool is_of_use(const tls::Identity& identity, const std::string& ca_pem, std::int64_t unix_ms) {
  if (identity.ca_pem != ca_pem) return false;
  const auto validity = tls::validity_of(identity.certificate_pem);
  const std::chrono::sys_seconds now(std::chrono::seconds(unix_ms / 1000));
  return validity && !validity->is_due_for_renewal(now);
}

}  // namespace

KubeSurroundings::KubeSurroundings(Ports ports, kube::KubePlatformOptions options, std::string instance)
    : scheduler_(ports.scheduler),
      api_(std::move(ports.api)),
      lease_(std::move(ports.lease)),
      options_(std::move(options)),
      statuses_(*api_, scheduler_, kClusters),
      events_(*api_, scheduler_, std::move(instance)) {}

KubeSurroundings::~KubeSurroundings() { *alive_ = false; }

void KubeSurroundings::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  lease_->start({.waiting =
                     [this](const reconcile::LeaseHolder& holder) {
                       log::info("another coordinator leads; standing by", {{"holder", holder.name}});
                       hooks_.other_leads(holder.name);
                     },
                 .acquired =
                     [this](FenceToken token) {
                       token_ = token;
                       look_around();
                     },
                 .raised = [this](FenceToken token) { use(token); },
                 .failed =
                     [](const Error& error) {
                       log::warn("lease", {{"reason", to_string(error)}});
                     },
                 .lost = [this](const Error& error) { hooks_.failed(error); }});
}

void KubeSurroundings::look_around() {
  kube::discover(*api_, [this, alive = std::weak_ptr<bool>(alive_)](const Result<kube::Features>& features) {
    if (const auto still = alive.lock(); !still || !*still || is_stopped_) return;
    if (features) return lead(*features);
    log::warn("the API server does not say what it can do; trying again", {{"reason", to_string(features.error())}});
    retry_ = scheduler_.after(kDiscoverRetry, [this] { look_around(); });
  });
}

void KubeSurroundings::lead(const kube::Features& features) {
  log::info("leading", {{"token", std::to_string(token_.value)}, {"kubernetes", features.server_text}});
  platform_ =
      std::make_unique<kube::KubePlatform>(*api_, scheduler_, features, options_,
                                           kube::KubePlatform::Hooks{.synced =
                                                                         [this] {
                                                                           are_pods_seen_ = true;
                                                                           apply_soon();
                                                                         },
                                                                     .access_changed = [this](const ClusterName&) { apply_soon(); }});
  if (const auto led = hooks_.lead(token_); !led) return hooks_.failed(led.error());
  const kube::ReflectorOptions watched{.resource = kClusters, .selection = {}, .seed = options_.seed + 10'000};
  watch_ =
      std::make_unique<kube::Reflectors>(*api_, scheduler_, watched, options_.spaces,
                                         kube::Reflector::Hooks{.changed = [this](const kube::Change& change) { object_changed(change); },
                                                                .synced = [this] { apply_soon(); },
                                                                .troubled =
                                                                    [](const Error& error) {
                                                                      log::warn("watching ValkeyClusters", {{"reason", to_string(error)}});
                                                                    }});
  renewal_ = scheduler_.after(kRenewalInterval, [this] { apply_soon(); });
}

void KubeSurroundings::object_changed(const kube::Change& change) {
  bool is_new = false;
  if (change.type == kube::Change::Type::kDeleted) {
    is_new = objects_.gone(change.name);
    statuses_.forget(change.name);
  } else {
    if (const auto* status = kube::json::object_at(change.object, {"status"})) statuses_.saw(change.name, *status);
    is_new = objects_.saw(change.name, change.object);
  }
  if (!is_new) return;
  status_due_.insert(ClusterName(change.name.name));  // an edit without effect has a generation, too, and no pass may follow
  apply_soon();
}

// Once for everything that comes in one turn of the loop, and never inside a callback of what it changes.
void KubeSurroundings::apply_soon() {
  if (std::exchange(is_apply_due_, true)) return;
  scheduler_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (const auto still = alive.lock(); !still || !*still || is_stopped_) return;
    is_apply_due_ = false;
    apply();
  });
}

void KubeSurroundings::apply() {
  renewal_ = scheduler_.after(kRenewalInterval, [this] { apply_soon(); });
  open_objects();
  // Without all pods in sight a cluster would look empty, and be made a second time.
  if (!are_pods_seen_) return;
  bool has_changed = false;
  std::set<ClusterName> wanted;
  for (const auto& [place, seen] : objects_.all()) {
    const auto& name = seen.good.object.name;
    if (objects_.running(name) == &seen) {
      wanted.insert(name);
      has_changed = adopt(name, seen) || has_changed;
    }
    say_why_not_run(place, seen);
  }
  has_changed = std::erase_if(clusters_, [&](const auto& entry) { return !wanted.contains(entry.first); }) != 0 || has_changed;
  if (has_changed) hooks_.clusters_changed();
  for (const auto& name : std::exchange(status_due_, {})) say_status_soon(name);
}

void KubeSurroundings::open_objects() {
  std::set<ClusterName> opened;
  for (const auto& [place, seen] : objects_.all()) {
    if (objects_.running(seen.good.object.name) != &seen) continue;
    opened.insert(seen.good.object.name);
    platform_->open_cluster(seen.good);
  }
  for (const auto& cluster : platform_->open_clusters())
    if (!opened.contains(cluster)) platform_->close_cluster(cluster);
}

bool KubeSurroundings::adopt(const ClusterName& name, const SeenObject& seen) {
  const auto ca_pem = platform_->authority_of(name);
  auto findings = findings_of(seen, platform_->troubles(name));
  const auto known = clusters_.find(name);
  const bool is_known = known != clusters_.end();
  if (!ca_pem) {
    for (const auto& finding : findings) log::warn("cluster cannot be run yet", {{"cluster", name.value}, {"reason", to_string(finding)}});
    if (!is_known || known->second.object.uid == seen.good.object.uid) return false;
    clusters_.erase(known);  // a former cluster of that name ends now, whatever this one waits for
    return true;
  }
  const bool has_identity = is_known && is_of_use(known->second.identity, *ca_pem, scheduler_.unix_ms());
  if (has_identity && known->second.object == seen.good.object && known->second.findings == findings) return false;
  auto identity = has_identity ? Result<tls::Identity>(known->second.identity) : platform_->issue_coordinator(name);
  if (!identity) {
    log::error("no certificate for the coordinator", {{"cluster", name.value}, {"reason", to_string(identity.error())}});
    return false;
  }
  clusters_[name] = {seen.good.object, std::move(*identity), std::move(findings)};
  return true;
}

void KubeSurroundings::use(FenceToken token) {
  token_ = token;
  if (platform_) hooks_.token_raised(token);
}

// A Lease that was deleted begins counting anew, and agents would refuse us: so count above what they have seen.
void KubeSurroundings::raise_token(FenceToken seen) {
  if (std::exchange(is_raising_, true)) return;
  lease_->raise_above(seen, [this, seen, alive = std::weak_ptr<bool>(alive_)](const Result<FenceToken>& raised) {
    if (const auto still = alive.lock(); !still || !*still || is_stopped_) return;
    is_raising_ = false;
    if (raised) return;
    if (raised.error().kind == ErrorKind::kConflict) return hooks_.failed(raised.error());
    log::warn("fence token cannot be raised; trying again", {{"reason", to_string(raised.error())}});
    retry_ = scheduler_.after(kRaiseRetry, [this, seen] { raise_token(seen); });
  });
}

// At once; of a burst of passes then the last one, because nothing may follow it for seconds.
void KubeSurroundings::passed(const reconcile::ClusterLoop& loop) { say_status_soon(loop.cluster().name); }

void KubeSurroundings::say_status_soon(const ClusterName& name) {
  if (status_rests_.contains(name)) {
    status_due_.insert(name);
    return;
  }
  const auto* loop = hooks_.loop(name);
  if (loop == nullptr) return;
  say_status(*loop);
  status_rests_[name] = scheduler_.after(kStatusInterval, [this, name] {
    status_rests_.erase(name);
    if (status_due_.erase(name) != 0) say_status_soon(name);
  });
}

void KubeSurroundings::say_status(const reconcile::ClusterLoop& loop) {
  const auto& object = loop.cluster();
  const auto* seen = objects_.running(object.name);
  if (seen == nullptr || seen->good.object.uid != object.uid) return;
  auto status = admin_service::cluster_status(loop.snapshot(), loop.decision());
  *status.mutable_migration() = admin_service::migration(loop.snapshot(), loop.history());
  statuses_.want({object.space, object.name.value},
                 cluster_status({status, object, seen->generation, seen->rejected_because, platform_->outdated_pods(object.name)}));
}

void KubeSurroundings::happened(const reconcile::Event& event) {
  if (const auto* seen = objects_.running(event.cluster)) events_.write(event, seen->good.object);
}

// One that runs says so in its own status.
void KubeSurroundings::say_why_not_run(const kube::ObjectName& place, const SeenObject& seen) {
  const auto& name = seen.good.object.name;
  if (objects_.running(name) != &seen) return statuses_.want(place, rejected_status(seen.generation, seen.rejected_because));
  if (clusters_.contains(name)) return;
  for (const auto& [what, error] : platform_->troubles(name))
    return statuses_.want(place, waiting_status(seen.generation, std::string(to_string(model::Reason::kStepFailed)), to_string(error)));
}

void KubeSurroundings::stop(std::function<void()> done) {
  is_stopped_ = true;
  retry_.reset();
  renewal_.reset();
  status_rests_.clear();
  watch_.reset();
  lease_->release(std::move(done));
}

void KubeSurroundings::cordon(const WorkerName& worker, Done done) {
  done(refused("worker " + worker.value, "on Kubernetes: kubectl cordon " + worker.value));
}

void KubeSurroundings::uncordon(const WorkerName& worker, Done done) {
  done(refused("worker " + worker.value, "on Kubernetes: kubectl uncordon " + worker.value));
}

void KubeSurroundings::lose(const WorkerName& worker, WorkerLoss, Done done) {
  done(refused("worker " + worker.value, "only workers of the local platform can be lost by a command"));
}

// The taint is Kubernetes' own word for it, and everything else there heeds it, too.
void KubeSurroundings::confirm_lost(const WorkerName& worker, Done done) {
  done(refused("worker " + worker.value, "on Kubernetes, once you know that nothing runs there any more: kubectl taint nodes " +
                                             worker.value + " " + model::kTaintOutOfService + "=nodeshutdown:NoExecute"));
}

// The object belongs to people, Helm or GitOps: the coordinator has no right to write into its spec.
std::string KubeSurroundings::shards_are_set_by(const ClusterName& cluster, int shards) const {
  const auto* seen = objects_.running(cluster);
  return seen == nullptr ? ""
                         : "on Kubernetes: kubectl scale --namespace " + seen->good.object.space + " valkeycluster/" + cluster.value +
                               " --replicas=" + std::to_string(shards);
}

void KubeSurroundings::set_shards(const ClusterName& cluster, int shards, std::function<void(Result<std::string>)> done) {
  const auto* seen = objects_.running(cluster);
  if (seen == nullptr) return done(not_found("cluster " + cluster.value, "there is no such ValkeyCluster"));
  if (seen->good.object.spec.shards == shards) return done(std::string());
  done(refused("cluster " + cluster.value, shards_are_set_by(cluster, shards)));
}

}  // namespace shardkeeper::coordinator
