// Carries out SetSlots on the own server: looks first, then CLUSTER SETSLOT for each slot that is not so yet, many at once.
#pragma once

#include "agent/core/alive.h"
#include "agent/migrate/server_pool.h"
#include "common/node/command.h"
#include "common/rpc/agent_api.h"
#include "common/valkey/parse/cluster_nodes.h"

#include <memory>

namespace shardkeeper::agent {

// In one command: what one connection may have pending, and a while that is not long.
inline constexpr int kSetSlotsMax = 512;

// What is left to do, given the server's table; or why it must not be done. Pure.
// ERRORS kRefused: more than kSetSlotsMax slots, this node or the named one is a replica, importing of own slots, migrating of slots that are
// not its own. kUnavailable: the table does not have the named node yet, or does not show yet that who is to give slots owns them.
// kConflict: somebody else owns them by now.
Result<SlotSet> slots_to_set(const command::SetSlots& wanted, const valkey::parse::ClusterNodes& nodes);

// A server passes SETSLOT on to its replicas only while its own table lists one, which the bus tells a moment after replication began. An
// importing flag set in between dies with the primary, and the keys that came with it are in nobody's reach. Pure.
// ERRORS kUnavailable: a node replicates from this one, and the table lists none.
Result<void> check_replicas_are_listed(const std::vector<OnlineReplica>& online, const valkey::parse::ClusterNodes& nodes);

// THREAD the loop's. REQUIRES scheduler and pool outlive it.
class SlotSetter {
 public:
  using Done = rpc::AgentLink::Done;
  SlotSetter(Scheduler& scheduler, ServerPool& servers) : scheduler_(scheduler), servers_(servers) {}

  // `done` comes later, unless this object is destroyed before. A slot that replicas did not acknowledge is set once again.
  // kUnknownOutcome after six seconds.
  // After an error some slots may be set and some not: repeat the same, or look.
  void set(command::SetSlots wanted, Done done);

 private:
  struct Operation;
  void look(const std::shared_ptr<Operation>& operation);
  void decide(const std::shared_ptr<Operation>& operation, const valkey::parse::ClusterNodes& nodes);
  void ask_for_replicas(const std::shared_ptr<Operation>& operation, const valkey::parse::ClusterNodes& nodes);
  void begin(const std::shared_ptr<Operation>& operation);
  void check_empty(const std::shared_ptr<Operation>& operation);
  void send_all(const std::shared_ptr<Operation>& operation);
  void send(const std::shared_ptr<Operation>& operation, int slot, int tries_left);
  void answered(const std::shared_ptr<Operation>& operation, int slot, int tries_left, Result<valkey::Reply> reply);
  void check_still_empty(const std::shared_ptr<Operation>& operation);
  void count_each(const std::shared_ptr<Operation>& operation, const SlotSet& slots, std::function<void(SlotSet held)> then);
  void finish(const std::shared_ptr<Operation>& operation, Result<command::Outcome> outcome);

  Scheduler& scheduler_;
  ServerPool& servers_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
