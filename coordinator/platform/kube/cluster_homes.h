// What every cluster has beside its pods: keys, identities of agents, Services, disruption budgets.
#pragma once

#include "common/time/scheduler.h"
#include "common/tls/identity.h"
#include "coordinator/platform/kube/adopted_authorities.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/features.h"
#include "coordinator/platform/kube/object_keeper.h"
#include "coordinator/platform/kube/objects/cluster_reader.h"
#include "coordinator/platform/kube/objects/secrets.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

// What is seen of a cluster's pods now.
struct PodsOfCluster {
  std::set<PodName> names;
  std::set<ShardId> shards;
};

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class ClusterHomes {
 public:
  struct Hooks {
    std::function<void(const ClusterName&)> changed;  // its keys, or its troubles
    std::function<void(const Error&)> troubled;       // a watch; once for each different trouble
    std::function<PodsOfCluster(const ClusterName&)> pods_of;
  };

  ClusterHomes(Api& api, Scheduler& scheduler, Features features, const std::vector<std::string>& spaces, std::uint64_t seed, Hooks hooks);
  ~ClusterHomes();
  ClusterHomes(const ClusterHomes&) = delete;
  ClusterHomes& operator=(const ClusterHomes&) = delete;

  // Makes and keeps what the cluster needs; call it again when the object changed.
  void open(const KubeCluster& cluster);
  // Pods came or went: a shard that leaves keeps its budget for as long as it has pods, and every pod needs an identity.
  void pods_changed();
  // The object is gone; its objects follow it by their owner references.
  void close(const ClusterName& cluster);

  const KubeCluster* find(const ClusterName& cluster) const;
  // The certificates of the authorities that its agents trust; none until its keys are there.
  std::optional<std::string> authority_of(const ClusterName& cluster) const;
  // ERRORS kUnavailable: no keys yet, no randomness.
  Result<tls::Identity> issue_coordinator(const ClusterName& cluster) const;
  std::optional<Error> watch_trouble() const;  // now
  // What is wrong with its objects, by their names.
  std::map<std::string, Error> troubles(const ClusterName& cluster) const;

  // Makes sure that the pod's identity can be mounted. ERRORS as Api::call; kUnavailable: no keys yet.
  using Done = std::function<void(Result<void>)>;
  void issue_identity(const ClusterName& cluster, const PodName& pod, Done done);

 private:
  struct Waiting {
    PodName pod;
    Done done;
  };
  struct Home {
    KubeCluster cluster;
    std::optional<ClusterKeys> keys;
    bool is_making_keys = false;
    AgentIdentities identities;
    std::map<PodName, TimePoint> known_since;  // of each of them
    std::set<ShardId> shards;                  // that have a budget
    std::vector<Waiting> waiting;
    std::map<std::string, Error> troubles;
    std::unique_ptr<Timer> retry;
    std::unique_ptr<Timer> turn;               // of the authority
    std::optional<TimePoint> unwritten_since;  // its last step
  };

  void look_for_keys(Home& home);
  void make_keys(Home& home);
  std::optional<tls::Authority> adopted_authority(Home& home);
  void authority_changed(Home& home);
  bool has_spread(Home& home);
  void follow_authority(Home& home);
  void sign_all_anew(Home& home);
  void take_keys(Home& home, ClusterKeys keys);
  void want_objects(Home& home);
  void want_secrets(Home& home);
  void want_budgets(Home& home);
  std::set<ShardId> shards_of(const Home& home) const;
  bool issue(Home& home, const PodName& pod);
  void prune_identities(Home& home);
  void renew_identities();
  void set_trouble(Home& home, const std::string& name, std::optional<Error> error);
  void settled(const char* kind, const ObjectName& name);
  void written_badly(const char* kind, const ObjectName& name, const Error& error);
  Home* home_of(const ObjectName& object);
  ObjectKeeper::Hooks keeper_hooks(const char* kind, std::function<void()> synced);

  Api& api_;
  Scheduler& scheduler_;
  const Features features_;
  const Hooks hooks_;
  std::map<ClusterName, Home> homes_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way
  AdoptedAuthorities authorities_;
  std::unique_ptr<ObjectKeeper> secrets_;
  std::unique_ptr<ObjectKeeper> services_;
  std::unique_ptr<ObjectKeeper> policies_;
  std::unique_ptr<ObjectKeeper> budgets_;
  std::unique_ptr<Timer> renewal_;
};

}  // namespace shardkeeper::platform::kube
