// The snapshot, indexed: what every check asks for, worked out once a pass. Pure.
#pragma once

#include "coordinator/model/decision.h"
#include "coordinator/model/snapshot.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace shardkeeper::plan {

// How sure we are about the process beside an agent.
enum class Presence {
  kUp,        // heard within a node timeout, and its server answers
  kStarting,  // heard; server starting or loading
  kHung,      // heard; process lives, does not answer
  kDead,      // known dead (architecture §6): evidence says why
  kUnheard,   // this coordinator has never heard its agent: unreachable, its clock starting with ours
  kSilent,    // stream silent for longer than a node timeout: unreachable
};

struct Member {
  const model::PodInfo* info = nullptr;
  const NodeState* state = nullptr;  // null: never heard
  Presence presence = Presence::kUnheard;
  std::string evidence;                // of death
  std::optional<ShardId> shard;        // label
  std::optional<NodeId> id;            // of the live server; of a silent one: as last heard
  std::optional<NodeId> dead_id;       // of the server that ran here last and is known dead
  const TopologyView* view = nullptr;  // its own, where its hash is known; only of members that are up
  bool leaving = false;                // chosen to be removed: never started again
  bool is_taker = false;               // a job that runs, or whose start is on its way, brings slots to it

  const PodName& name() const { return info->pod.name; }
  bool is_up() const { return presence == Presence::kUp; }
  bool is_reachable() const { return presence != Presence::kUnheard && presence != Presence::kSilent; }
  bool is_primary() const { return is_up() && state->role == Role::kPrimary; }
  bool owns_slots() const { return is_primary() && !state->slots.empty(); }
  bool is_replica() const { return is_up() && state->role == Role::kReplica; }
  // By its state as known last: keys of slots that it does not own (yet) may be nowhere else. Who gives slots key by key deletes what it gave.
  bool may_hold_moved_keys() const {
    return state != nullptr && state->role == Role::kPrimary && state->slots.empty() &&
           (state->keys > 0 || !state->open_slots.empty() || is_taker);
  }
  // Was never in a cluster: knows nobody, owns nothing, has no epoch.
  bool is_fresh() const { return is_primary() && view != nullptr && view->rows.size() == 1 && state->slots.empty() && state->keys == 0; }
};

struct ShardView {
  std::vector<std::size_t> members;    // indices into World::members, by pod name
  std::optional<std::size_t> primary;  // up, owns slots, highest epoch
  // Where nobody owns slots, nor may out of sight: up, and may hold moved keys; the one with most. It is the shard's primary wherever losing
  // it would lose them.
  std::optional<std::size_t> holder;
  // Where there is neither: an up replica, with the moved keys of a primary that is not up. It is to be promoted, not to be emptied.
  std::optional<std::size_t> orphan;

  std::optional<std::size_t> primary_or_holder() const { return primary ? primary : holder; }
};

class World {
 public:
  World(const model::Snapshot& snapshot, const model::History& history);

  const model::Snapshot& snapshot() const { return snapshot_; }
  const model::ClusterSpec& spec() const { return snapshot_.cluster.spec; }
  TimePoint now() const { return snapshot_.now; }

  std::vector<Member> members;          // by pod name
  std::map<ShardId, ShardView> shards;  // those of the spec, and those that labels name

  // The view that most slot-owning primaries hold; where none is up, the one that knows of most slots. Null while nobody that is up has told one.
  const TopologyView* majority = nullptr;
  bool all_agree = false;                           // every member that is up holds `majority`
  bool views_known = false;                         // the view of every member that is up is known
  std::vector<const TopologyView*> distinct_views;  // of members that are up
  std::vector<const TopologyView*> voters_views;    // those among them that owners of slots hold; null: of one it is not known

  // REQUIRES the returned index is valid for members.
  std::optional<std::size_t> by_id(const NodeId& id) const;  // lives (or was last heard) with this id
  std::optional<std::size_t> by_dead_id(const NodeId& id) const;
  std::optional<std::size_t> by_endpoint(const Endpoint& endpoint) const;

  // Somebody up still lists the node, dead or alive. Everyone that does must forget it before its pod goes, or a newcomer at its address is
  // taken for it.
  bool is_listed(const std::optional<NodeId>& id) const;
  // A view that somebody up holds gives slots to it.
  bool owns_in_some_view(const std::optional<NodeId>& id) const;

  // Evidence that the node with `id` is dead, from a member or remembered; none when it may live.
  std::optional<std::string> dead_evidence(const NodeId& id) const;

  // Somebody runs at this address, or was seen dead there. False: a server may be alive there that no pod accounts for.
  bool accounts_for(const Endpoint& endpoint) const { return by_endpoint(endpoint) || history_.dead_at.contains(endpoint.ip); }

  // Slots that some member that is up owns or some view gives to any node.
  const SlotSet& owned_somewhere() const { return owned_; }

  // Slot-owning primaries by the majority's view.
  std::vector<const NodeRow*> voters() const;

  // The node's config epoch as any view has it: who knows a node by gossip alone has 0 for it.
  Epoch highest_epoch_of(const NodeRow& row) const;

  // Does anything in flight have this key?
  bool in_flight(const std::string& key) const { return in_flight_.contains(key); }

  // Every member's agent was heard since this coordinator started, or is known dead.
  bool everybody_heard() const;

 private:
  void index_members(const model::History& history);
  void index_views();
  void index_takers();
  void index_shards();
  bool has_hidden_owner(const ShardView& shard) const;
  void note_holders(ShardView& shard) const;

  const model::Snapshot& snapshot_;
  const model::History& history_;
  std::unordered_map<std::string, std::size_t> by_id_, by_dead_id_, by_ip_;
  std::set<std::string> in_flight_;
  SlotSet owned_;
};

// The server that ran last beside this agent, by its state; none where no server was ever seen.
std::optional<NodeId> last_server_of(const NodeState& state);

// Keeps the platform's word that servers ended, for pods that may be gone from its view before the next pass.
void remember_ends(const model::Snapshot& snapshot, model::History& history);

// Where slot `slot` belongs when `shards` shards share equally: contiguous ranges whose sizes differ by at most one.
SlotRange fair_range(int shard, int shards);

}  // namespace shardkeeper::plan
