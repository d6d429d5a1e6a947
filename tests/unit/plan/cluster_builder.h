// Worlds for tests of the planner: a healthy cluster, then what is wrong with it, in the words of the domain.
// Pods are called vk-<shard>-<member>; member 0 is the shard's primary. Their node ids start with shard and member: "00101000".
#pragma once

#include "coordinator/model/decision.h"
#include "coordinator/model/snapshot.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::test {

// One server process and its pod.
struct BuiltNode {
  enum class Life { kUp, kStarting, kLoading, kHung, kDead, kNeverStarted };

  std::string pod;
  int shard = 0;
  int member = 0;
  int generation = 0;  // of the server: one more for every new node at this pod
  std::string worker;
  Life life = Life::kUp;
  bool pod_exists = true;
  bool waits_at_gate = true;     // where dead: `launch` has asked for a start
  bool container_ended = false;  // the platform saw it end; the agent's word is not needed
  bool valkey_container = true;  // a container was started, its agent said so or not
  bool is_primary = false;
  bool in_cluster = true;  // false: knows nobody, and nobody knows it
  std::string follows;     // pod whose node it replicates
  SlotSet slots;
  Epoch epoch;
  std::uint64_t keys = 1000;
  std::uint64_t bytes_used = 12 << 20;
  std::uint64_t bytes_max = 0;
  std::uint64_t functions_hash = 0;
  ServerSettingMap settings;  // told last
  std::vector<SettingNotInForce> settings_not_in_force;
  std::string users_trouble;
  std::string tls_trouble;
  std::uint64_t offset = 1000;
  std::string history = "h";  // replication id, one letter of it
  bool has_synced = true;
  bool sync_in_progress = false;
  bool link_up = true;
  std::uint64_t nonce = 0;
  std::optional<Duration> silent_for;
  bool unheard = false;
  bool is_deleting = false;
  bool fenced = false;
  bool cluster_ok = true;
  std::chrono::milliseconds node_timeout{5000};
  ServerVersion version{8, 0, 1};
  std::vector<OpenSlot> open_slots;
  std::optional<MigrationProgress> migration;  // of the newest job that it was the source of
  int island = 0;                              // members of different islands do not know each other
  bool view_unknown = false;                   // its hash is not in the coordinator's cache
  std::vector<std::string> online;             // replicas it listed as online; filled by the builder unless set
  bool online_set = false;
};

class ClusterBuilder {
 public:
  static NodeId id_of(int shard, int member, int generation);

  ClusterBuilder& shards(int count);
  ClusterBuilder& replicas(int count);
  ClusterBuilder& workers(std::vector<std::string> names);

  // --- what happened to servers and pods
  ClusterBuilder& dead(const std::string& pod);  // its lock fell free; `launch` waits at the gate
  ClusterBuilder& dead_without_request(const std::string& pod);
  ClusterBuilder& container_ended(const std::string& pod);    // the platform's word; its agent is silent
  ClusterBuilder& out_of_service(const std::string& worker);  // the taint; agents there are silent
  ClusterBuilder& silent(const std::string& pod, Duration since = std::chrono::seconds(60));
  ClusterBuilder& unheard(const std::string& pod);
  ClusterBuilder& hung(const std::string& pod);
  ClusterBuilder& starting(const std::string& pod);
  ClusterBuilder& pod_gone(const std::string& pod);     // no pod object; its row stays in the views
  ClusterBuilder& first_start(const std::string& pod);  // no server ever ran there; it asks for a start
  ClusterBuilder& fresh(const std::string& pod);        // a new server that knows nobody, without data
  ClusterBuilder& promoted(const std::string& pod);     // took its shard's slots over with a higher epoch
  ClusterBuilder& follows(const std::string& replica, const std::string& primary);
  ClusterBuilder& extra(const std::string& pod, int shard, const std::string& worker);  // one more replica
  ClusterBuilder& island(int number, const std::vector<std::string>& pods);
  ClusterBuilder& asked(int shards);  // the spec changes, the pods do not
  // Moves slots as a job that is done does; the newest epoch is the taker's.
  ClusterBuilder& moved(const std::string& source, const std::string& target, const SlotSet& slots);
  // As the source reports a job: running, failed …; nothing has moved.
  ClusterBuilder& migrating(const std::string& source, const std::string& target, const SlotSet& slots, MigrationProgress::Stage stage,
                            const std::string& job = "m-0-1", const std::string& error = "");
  ClusterBuilder& open_slot(const std::string& pod, int slot, OpenSlot::Direction direction, const std::string& peer);
  ClusterBuilder& change(const std::string& pod, const std::function<void(BuiltNode&)>& how);

  // --- what views say
  ClusterBuilder& failed(const std::string& pod);  // every view flags it `fail`
  ClusterBuilder& suspected(const std::string& pod);
  ClusterBuilder& noaddr(const std::string& pod);
  ClusterBuilder& has_address(const std::string& pod);  // again
  ClusterBuilder& forgotten(const std::string& pod);    // in nobody's view any more
  ClusterBuilder& unforget(const std::string& pod);
  ClusterBuilder& ghost(const std::string& name, int shard, bool is_failed);  // a row of an id that no pod claims

  // --- what this coordinator remembers and does
  ClusterBuilder& death_seen(const std::string& pod, Duration ago, std::uint64_t nonce = 1);
  ClusterBuilder& forced(const std::string& pod, Duration ago);
  ClusterBuilder& taken_over(const std::string& pod, Duration ago);
  ClusterBuilder& reported();  // everybody up has answered the newest nonce
  ClusterBuilder& in_flight(model::Action action);
  ClusterBuilder& failing(const model::Action& action, int times, Duration back_off_left);
  ClusterBuilder& pass_time(Duration time);                                // now is later; nothing else changed
  ClusterBuilder& edit(const std::function<void(model::Snapshot&)>& how);  // after everything else
  ClusterBuilder& remember(const std::function<void(model::History&)>& how);

  model::Snapshot snapshot() const;
  const model::History& history() const { return history_; }

  BuiltNode& node(const std::string& pod);
  const BuiltNode& node(const std::string& pod) const;
  NodeId id(const std::string& pod) const;
  std::string address(const std::string& pod) const;
  const std::vector<BuiltNode>& nodes() const { return nodes_; }
  model::ClusterSpec& spec() { return spec_; }
  static constexpr TimePoint kNow{std::chrono::hours(1)};

 private:
  void remake();
  TopologyView view_of(const BuiltNode& viewer) const;
  NodeState state_of(const BuiltNode& node, const TopologyView& view) const;
  model::Pod pod_of(const BuiltNode& node) const;

  model::ClusterSpec spec_ = [] {
    model::ClusterSpec spec;
    spec.image = "localhost/valkey:8.0.1";
    return spec;
  }();
  std::vector<std::string> worker_names_{"w1", "w2", "w3"};
  std::set<std::string> tainted_;
  std::vector<BuiltNode> nodes_;
  std::set<std::string> failed_, suspected_, noaddr_, forgotten_;
  std::vector<NodeRow> ghosts_;
  std::vector<model::InFlight> in_flight_;
  std::map<std::string, model::Failure> failures_;
  std::vector<std::function<void(model::Snapshot&)>> edits_;
  model::History history_;
  Duration passed_{0};
};

// Three shards with one replica each, on three workers, healthy and settled.
inline ClusterBuilder a_cluster() { return ClusterBuilder().shards(3); }

}  // namespace shardkeeper::test
