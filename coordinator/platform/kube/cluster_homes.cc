#include "coordinator/platform/kube/cluster_homes.h"

#include "common/log/log.h"
#include "common/time/wall_clock.h"
#include "coordinator/platform/kube/objects/authority_turn.h"
#include "coordinator/platform/kube/objects/budgets.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/network_policy.h"
#include "coordinator/platform/kube/objects/owner.h"
#include "coordinator/platform/kube/objects/services.h"
#include "coordinator/platform/random_text.h"

#include <algorithm>

namespace shardkeeper::platform::kube {
namespace {

constexpr int kPasswordBytes = 24;
constexpr const char* kAgentTls = "spec.agentTls";
constexpr Duration kWrittenQuickly = std::chrono::minutes(1);
constexpr Duration kKeysRetry = std::chrono::seconds(2);
constexpr Duration kUnseenFor = std::chrono::minutes(10);
constexpr Duration kRenewalInterval = std::chrono::hours(1);  // certificates are renewed months before they end
const std::string kOurs = std::string("app.kubernetes.io/managed-by=") + kFieldManager;

Error foreign(const std::string& secret) {
  return unavailable("Secret " + secret, "belongs to somebody else, perhaps to a deleted cluster of this name; waiting until it is gone");
}

}  // namespace

ClusterHomes::ClusterHomes(Api& api, Scheduler& scheduler, Features features, const std::vector<std::string>& spaces, std::uint64_t seed,
                           Hooks hooks)
    : api_(api),
      scheduler_(scheduler),
      features_(std::move(features)),
      hooks_(std::move(hooks)),
      authorities_(api, scheduler, spaces, seed + 4000,
                   {.changed =
                        [this](const ObjectName& secret) {
                          for (auto& [cluster, home] : homes_)
                            if (home.cluster.object.space == secret.space && authority_named_by(home.cluster) == secret.name)
                              authority_changed(home);
                        },
                    .synced =
                        [this] {
                          for (auto& [cluster, home] : homes_)
                            if (!authority_named_by(home.cluster).empty()) authority_changed(home);
                        },
                    .troubled = hooks_.troubled}) {
  const auto options = [&](const Resource& resource, std::uint64_t offset) {
    return ObjectKeeper::Options{resource, spaces, kOurs, seed + offset};
  };
  secrets_ = std::make_unique<ObjectKeeper>(api, scheduler, options(resources::kSecrets, 0), keeper_hooks("Secret", [this] {
                                              for (auto& [name, home] : homes_) look_for_keys(home);
                                            }));
  services_ = std::make_unique<ObjectKeeper>(api, scheduler, options(resources::kServices, 1000), keeper_hooks("Service", [] {}));
  policies_ =
      std::make_unique<ObjectKeeper>(api, scheduler, options(resources::kNetworkPolicies, 3000), keeper_hooks("NetworkPolicy", [] {}));
  budgets_ = std::make_unique<ObjectKeeper>(api, scheduler, options(features_.budgets(), 2000), keeper_hooks("PodDisruptionBudget", [] {}));
  renewal_ = scheduler_.after(kRenewalInterval, [this] { renew_identities(); });
}

ClusterHomes::~ClusterHomes() { *alive_ = false; }

ObjectKeeper::Hooks ClusterHomes::keeper_hooks(const char* kind, std::function<void()> synced) {
  return {.synced = std::move(synced),
          .settled = [this, kind](const ObjectName& name) { settled(kind, name); },
          .troubled = [this, kind](const ObjectName& name, const Error& error) { written_badly(kind, name, error); },
          .watch_troubled = hooks_.troubled};
}

const KubeCluster* ClusterHomes::find(const ClusterName& cluster) const {
  const auto home = homes_.find(cluster);
  return home == homes_.end() ? nullptr : &home->second.cluster;
}

void ClusterHomes::open(const KubeCluster& cluster) {
  auto& home = homes_[cluster.object.name];
  if (!home.cluster.object.uid.empty() && home.cluster.object.uid != cluster.object.uid) {
    close(cluster.object.name);  // made again under the same name: nothing of the former one's holds
    return open(cluster);
  }
  if (home.cluster == cluster) return;
  home.cluster = cluster;
  if (!home.keys) return look_for_keys(home);
  want_objects(home);
  follow_authority(home);
}

void ClusterHomes::close(const ClusterName& cluster) {
  const auto found = homes_.find(cluster);
  if (found == homes_.end()) return;
  const auto uid = found->second.cluster.object.uid;
  auto waiting = std::move(found->second.waiting);
  homes_.erase(found);
  for (auto* keeper : {secrets_.get(), services_.get(), policies_.get(), budgets_.get()}) keeper->forget(uid);
  for (auto& one : waiting) one.done(not_found("cluster " + cluster.value, "was deleted"));
}

// Created, never applied: of two coordinators that do it at once one gets a conflict, and both use the same keys.
void ClusterHomes::look_for_keys(Home& home) {
  if (home.keys || home.is_making_keys || !secrets_->is_synced()) return;
  const auto& object = home.cluster.object;
  const ObjectName name{object.space, authority_secret_name(object.name)};
  const auto* secret = secrets_->find(name);
  if (secret == nullptr) return make_keys(home);
  const auto again = [this, cluster = object.name] {
    if (const auto found = homes_.find(cluster); found != homes_.end()) look_for_keys(found->second);
  };
  home.retry = scheduler_.after(kKeysRetry, again);
  const auto owner = owner_of(*secret);
  if (!owner || owner->uid != object.uid) return set_trouble(home, "Secret " + name.name, foreign(name.name));
  auto keys = read_authority_secret(object.name, *secret);
  if (!keys) return set_trouble(home, "Secret " + name.name, keys.error());
  take_keys(home, std::move(*keys));
}

void ClusterHomes::make_keys(Home& home) {
  const auto& object = home.cluster.object;
  const bool is_adopted = !authority_named_by(home.cluster).empty();
  const auto adopted = adopted_authority(home);
  if (is_adopted && !adopted) return;
  auto authority = adopted ? Result<tls::Authority>(*adopted) : tls::Authority::make(object.name, wall_clock(scheduler_));
  if (!authority) return set_trouble(home, "keys", authority.error());
  ClusterKeys keys{std::move(*authority), random_hex(kPasswordBytes), is_adopted};
  if (is_adopted) keys.since = wall_clock(scheduler_);
  home.is_making_keys = true;
  api_.call(create_request(resources::kSecrets, object.space, authority_secret(object, keys)),
            [this, alive = std::weak_ptr<bool>(alive_), cluster = object.name, uid = object.uid,
             keys](const Result<boost::json::value>& reply) mutable {
              const auto still = alive.lock();
              if (!still || !*still) return;
              const auto found = homes_.find(cluster);
              if (found == homes_.end() || found->second.cluster.object.uid != uid) return;
              auto& home = found->second;
              home.is_making_keys = false;
              if (reply) return take_keys(home, std::move(keys));
              home.retry = scheduler_.after(kKeysRetry, [this, cluster] {
                if (const auto again = homes_.find(cluster); again != homes_.end()) look_for_keys(again->second);
              });
              // One that the watch does not show has not our labels.
              const auto secret = authority_secret_name(cluster);
              set_trouble(home, "Secret " + secret, reply.error().kind == ErrorKind::kConflict ? foreign(secret) : reply.error());
            });
}

// What spec.agentTls names; none where there is no such authority, which is a trouble of the cluster's.
std::optional<tls::Authority> ClusterHomes::adopted_authority(Home& home) {
  const auto set = [&](std::optional<Error> error) { set_trouble(home, kAgentTls, std::move(error)); };
  if (authority_named_by(home.cluster).empty()) {
    set(std::nullopt);
    return std::nullopt;
  }
  auto found = authorities_.find(home.cluster, home.keys ? &home.keys->authority : nullptr);
  if (!found) return std::nullopt;
  set(*found ? std::nullopt : std::optional(found->error()));
  return *found ? std::optional(std::move(**found)) : std::nullopt;
}

void ClusterHomes::authority_changed(Home& home) { home.keys ? follow_authority(home) : look_for_keys(home); }

// The last step was written, so agents are about to read it. Where that took long, the wait begins when it was.
bool ClusterHomes::has_spread(Home& home) {
  const auto& object = home.cluster.object;
  const bool is_written = secrets_->is_settled({object.space, authority_secret_name(object.name)}) &&
                          secrets_->is_settled({object.space, agents_secret_name(object.name)});
  if (!is_written) {
    if (!home.unwritten_since) home.unwritten_since = scheduler_.now();
    return false;
  }
  const auto unwritten = std::exchange(home.unwritten_since, std::nullopt);
  if (!unwritten || scheduler_.now() - *unwritten < kWrittenQuickly || home.keys->also_trusted_pem.empty()) return true;
  home.keys->since = wall_clock(scheduler_);
  want_secrets(home);
  return false;
}

// Where nothing good is named, what signs goes on signing, and what was about to take over, or did, is trusted no more after a while.
void ClusterHomes::follow_authority(Home& home) {
  home.turn.reset();
  if (!home.keys) return;
  const auto& cluster = home.cluster.object.name;
  const auto again_in = [&](Duration delay) {
    home.turn = scheduler_.after(delay, [this, cluster] {
      if (const auto found = homes_.find(cluster); found != homes_.end()) follow_authority(found->second);
    });
  };
  const auto wanted = adopted_authority(home);
  const auto now = wall_clock(scheduler_);
  auto turn = turn_authority(*home.keys, wanted ? *wanted : home.keys->authority, now);
  if (!turn.next && !turn.due_at) return;
  if (!has_spread(home)) return again_in(kWrittenQuickly / 2);
  if (turn.next) {
    const bool signs_anew = turn.next->authority.certificate_pem() != home.keys->authority.certificate_pem();
    home.keys = std::move(*turn.next);
    if (signs_anew) sign_all_anew(home);
    const char* step = signs_anew                            ? "a new one signs"
                       : home.keys->also_trusted_pem.empty() ? "one is trusted no more"
                                                             : "a new one is trusted too";
    log::info("authority of agents' certificates", {{"cluster", cluster.value}, {"step", step}});
    want_secrets(home);
    hooks_.changed(cluster);
  }
  again_in(turn.due_at ? *turn.due_at - now + std::chrono::seconds(1) : kWrittenQuickly / 2);
}

void ClusterHomes::sign_all_anew(Home& home) {
  std::vector<PodName> pods;
  for (const auto& [pod, identity] : home.identities) pods.push_back(pod);
  for (const auto& pod : pods) issue(home, pod);
}

void ClusterHomes::take_keys(Home& home, ClusterKeys keys) {
  home.retry.reset();
  home.troubles.clear();
  home.keys = std::move(keys);
  const auto& object = home.cluster.object;
  if (const auto* secret = secrets_->find({object.space, agents_secret_name(object.name)})) {
    home.identities = read_agents_secret(*secret);
    // What the last coordinator did not come to: agents know what their Secret says.
    if (secret_value(*secret, tls::kCaFile) != home.keys->trusted_pem() && !home.keys->also_trusted_pem.empty())
      home.keys->since = wall_clock(scheduler_);
    std::vector<PodName> others;  // those of another authority are of no use: the coordinator's certificate is this one's
    for (const auto& [pod, identity] : home.identities)
      if (!tls::check({home.keys->authority.certificate_pem(), identity.certificate_pem, identity.key_pem})) others.push_back(pod);
    for (const auto& pod : others) issue(home, pod);
  }
  for (const auto& [pod, identity] : home.identities) home.known_since[pod] = scheduler_.now();
  want_objects(home);
  hooks_.changed(object.name);
  follow_authority(home);
}

void ClusterHomes::want_objects(Home& home) {
  const auto& object = home.cluster.object;
  want_secrets(home);
  services_->want(object.uid, {client_service(home.cluster), headless_service(home.cluster)});
  policies_->want(object.uid, {network_policy(home.cluster)});
  want_budgets(home);
}

std::set<ShardId> ClusterHomes::shards_of(const Home& home) const {
  auto shards = hooks_.pods_of(home.cluster.object.name).shards;
  for (int shard = 0; shard < home.cluster.object.spec.shards; ++shard) shards.insert(ShardId{shard});
  return shards;
}

void ClusterHomes::want_budgets(Home& home) {
  const auto& object = home.cluster.object;
  home.shards = shards_of(home);
  std::vector<boost::json::object> budgets;
  for (const auto shard : home.shards) budgets.push_back(disruption_budget(object, shard, features_.budget_api));
  budgets_->want(object.uid, std::move(budgets));
}

void ClusterHomes::pods_changed() {
  for (auto& [name, home] : homes_) {
    if (!home.keys) continue;
    if (home.shards != shards_of(home)) want_budgets(home);
    bool has_issued = false;
    for (const auto& pod : hooks_.pods_of(name).names)
      if (!home.identities.contains(pod)) has_issued = issue(home, pod) || has_issued;
    if (has_issued) want_secrets(home);
  }
}

std::optional<Error> ClusterHomes::watch_trouble() const {
  for (const auto* keeper : {secrets_.get(), services_.get(), policies_.get(), budgets_.get()})
    if (keeper->watch_trouble()) return keeper->watch_trouble();
  return authorities_.watch_trouble();
}

void ClusterHomes::want_secrets(Home& home) {
  const auto& object = home.cluster.object;
  secrets_->want(object.uid, {authority_secret(object, *home.keys), agents_secret(object, *home.keys, home.identities)});
}

void ClusterHomes::issue_identity(const ClusterName& cluster, const PodName& pod, Done done) {
  const auto found = homes_.find(cluster);
  if (found == homes_.end() || !found->second.keys)
    return done(unavailable("pod " + pod.value, "the keys of cluster " + cluster.value + " are not there yet"));
  auto& home = found->second;
  auto identity = home.keys->authority.issue_agent(pod, wall_clock(scheduler_));
  if (!identity) return done(identity.error());
  prune_identities(home);
  home.identities[pod] = std::move(*identity);
  home.known_since[pod] = scheduler_.now();
  home.waiting.push_back({pod, std::move(done)});
  want_secrets(home);
}

// Identities of pods that are gone leave with the next write. A pod that was just asked for may not be seen yet.
void ClusterHomes::prune_identities(Home& home) {
  const auto pods = hooks_.pods_of(home.cluster.object.name).names;
  const TimePoint now = scheduler_.now();
  std::erase_if(home.identities,
                [&](const auto& entry) { return !pods.contains(entry.first) && now - home.known_since[entry.first] > kUnseenFor; });
  std::erase_if(home.known_since, [&](const auto& entry) { return !home.identities.contains(entry.first); });
}

bool ClusterHomes::issue(Home& home, const PodName& pod) {
  auto identity = home.keys->authority.issue_agent(pod, wall_clock(scheduler_));
  if (!identity) return false;
  home.identities[pod] = std::move(*identity);
  home.known_since[pod] = scheduler_.now();
  return true;
}

// An agent reads its new identity when the kubelet has brought it, about a minute later.
void ClusterHomes::renew_identities() {
  renewal_ = scheduler_.after(kRenewalInterval, [this] { renew_identities(); });
  for (auto& [name, home] : homes_) {
    if (!home.keys) continue;
    follow_authority(home);
    bool has_renewed = false;
    for (auto& [pod, identity] : home.identities) {
      const auto validity = tls::validity_of(identity.certificate_pem);
      if (validity && !validity->is_due_for_renewal(wall_clock(scheduler_))) continue;
      if (!issue(home, pod)) continue;
      has_renewed = true;
      log::info("agent's certificate renewed", {{"cluster", name.value}, {"pod", pod.value}});
    }
    if (has_renewed) want_secrets(home);
  }
}

std::optional<std::string> ClusterHomes::authority_of(const ClusterName& cluster) const {
  const auto home = homes_.find(cluster);
  if (home == homes_.end() || !home->second.keys) return std::nullopt;
  return home->second.keys->trusted_pem();
}

Result<tls::Identity> ClusterHomes::issue_coordinator(const ClusterName& cluster) const {
  const auto home = homes_.find(cluster);
  if (home == homes_.end() || !home->second.keys) return unavailable("cluster " + cluster.value, "its keys are not there yet");
  auto identity = home->second.keys->authority.issue_coordinator(wall_clock(scheduler_));
  if (identity) identity->ca_pem = home->second.keys->trusted_pem();
  return identity;
}

std::map<std::string, Error> ClusterHomes::troubles(const ClusterName& cluster) const {
  const auto home = homes_.find(cluster);
  return home == homes_.end() ? std::map<std::string, Error>() : home->second.troubles;
}

ClusterHomes::Home* ClusterHomes::home_of(const ObjectName& object) {
  for (auto& [name, home] : homes_) {
    if (home.cluster.object.space != object.space) continue;
    if (object.name == name.value || (object.name.starts_with(name.value + "-") &&
                                      (object.name == authority_secret_name(name) || object.name == agents_secret_name(name) ||
                                       object.name == headless_service_name(name) || object.name.starts_with(name.value + "-shard-"))))
      return &home;
  }
  return nullptr;
}

void ClusterHomes::set_trouble(Home& home, const std::string& name, std::optional<Error> error) {
  const auto known = home.troubles.find(name);
  const bool is_same = error ? known != home.troubles.end() && known->second == *error : known == home.troubles.end();
  if (is_same) return;
  if (error) {
    log::warn("object of a cluster", {{"cluster", home.cluster.object.name.value}, {"object", name}, {"reason", to_string(*error)}});
    home.troubles[name] = *error;
  } else {
    home.troubles.erase(known);
  }
  hooks_.changed(home.cluster.object.name);
}

void ClusterHomes::settled(const char* kind, const ObjectName& name) {
  auto* home = home_of(name);
  if (home == nullptr) return;
  const auto cluster = home->cluster.object.name;
  const bool are_identities = name.name == agents_secret_name(cluster) && std::string_view(kind) == "Secret";
  auto waiting = are_identities ? std::exchange(home->waiting, {}) : std::vector<Waiting>();
  set_trouble(*home, std::string(kind) + " " + name.name, std::nullopt);
  for (auto& one : waiting) one.done({});
}

void ClusterHomes::written_badly(const char* kind, const ObjectName& name, const Error& error) {
  auto* home = home_of(name);
  if (home == nullptr) return;
  const bool are_identities = name.name == agents_secret_name(home->cluster.object.name);
  auto waiting = are_identities ? std::exchange(home->waiting, {}) : std::vector<Waiting>();
  set_trouble(*home, std::string(kind) + " " + name.name, error);
  for (auto& one : waiting) one.done(error);
}

}  // namespace shardkeeper::platform::kube
