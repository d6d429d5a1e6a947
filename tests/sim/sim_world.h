// A whole cluster in simulated time: production reconcile loop, production agent cores, modelled servers; faults and invariants.
#pragma once

#include "coordinator/reconcile/cluster_loop.h"

#include "tests/sim/sim_dialer.h"
#include "tests/sim/sim_scheduler.h"

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::sim {

class SimWorld {
 public:
  SimWorld(int shards, int replicas, std::uint64_t seed);

  // --- time
  void run_for(Duration duration);
  // RETURNS false when `limit` passed before the cluster was whole.
  bool run_until_healthy(Duration limit);

  // --- what is the case
  // "" when every shard has its primary with its slots, every replica is in sync, all views agree, nothing of creation is left.
  std::string unhealthy_because();
  const std::vector<std::string>& violations() const { return violations_; }
  SimPod* primary_of(int shard);
  std::vector<SimPod*> pods();
  std::size_t lost_legitimately() const { return lost_.size(); }
  std::size_t written() const { return last_number_; }
  std::string event_text() const;

  // --- faults
  void kill_server(SimPod& pod);
  void kill_agent(SimPod& pod) { pod.kill_agent(); }
  void kill_coordinator() { loop_.reset(); }
  void start_coordinator();
  bool coordinator_runs() const { return loop_ != nullptr; }
  SimNetwork& network() { return dialer_.network; }
  std::mt19937_64& random() { return random_; }
  Duration now() const { return scheduler_.now().since_start; }

 private:
  void turn();
  void write_some();
  void check_invariants();
  void note_durable();
  void dropped(const SimServer& server);
  void note_killed(const SimServer& server);
  bool somebody_has(Number number, const SimServer* but) const;
  void violate(const std::string& what);

  SimScheduler scheduler_;
  SimBus bus_;
  SimPlatform platform_;
  SimDialer dialer_;
  std::mt19937_64 random_;
  model::ClusterObject cluster_;
  reconcile::EventLog events_;
  FenceToken token_;
  std::unique_ptr<reconcile::ClusterLoop> loop_;
  Number last_number_ = 0;
  std::set<Number> durable_;                                   // a synced replica had it
  std::set<Number> lost_;                                      // every holder was killed by a fault
  std::map<std::pair<NodeId, NodeId>, TimePoint> collisions_;  // slot owners with equal epochs, since
  std::vector<std::string> violations_;
};

}  // namespace shardkeeper::sim
