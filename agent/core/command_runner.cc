#include "agent/core/command_runner.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using command::Outcome;
using valkey::Reply;
using valkey::parse::ClusterNodes;

const Outcome kAlreadySo{true, std::nullopt};

// The peer is in the table at that very address and nobody doubts it: another MEET would change nothing. A row that is flagged
// may be an old node whose address a new one has now.
bool is_known_at(const TopologyView& view, const Endpoint& peer) {
  return std::ranges::any_of(
      view.rows, [&](const NodeRow& row) { return row.endpoint == peer && !row.is_failed && !row.is_suspected && !row.has_no_address; });
}

Result<void> check_failover(const command::Failover& failover, const ClusterNodes& nodes, const NodeState& newest) {
  const NodeRow& self = *nodes.myself();
  if (self.role != Role::kReplica || self.primary_id != failover.old_primary)
    return refused("failover", "this node is not a replica of " + failover.old_primary.short_form() + " (any more)");
  const NodeRow* primary = nodes.view.find(failover.old_primary);
  if (primary != nullptr && primary->config_epoch > failover.seen_epoch)
    return refused("failover",
                   "the shard's epoch is " + to_string(primary->config_epoch) + " already, asked was " + to_string(failover.seen_epoch));
  // An unsynced replica wins a forced election with nothing in it and empties its siblings (facts §15).
  if (!newest.replication.has_synced && !failover.accept_stale)
    return refused("failover", "this replica has not finished a sync with its primary");
  if (!newest.replication.has_synced && (newest.keys == 0 || newest.replication.sync_in_progress))
    return refused("failover", "this replica holds no old copy: it is empty, or in the middle of a sync");
  return {};
}

Arguments failover_call(command::FailoverMode mode) {
  switch (mode) {
    case command::FailoverMode::kGraceful: return {"CLUSTER", "FAILOVER"};
    case command::FailoverMode::kForce: return {"CLUSTER", "FAILOVER", "FORCE"};
    case command::FailoverMode::kTakeover: return {"CLUSTER", "FAILOVER", "TAKEOVER"};
  }
  return {"CLUSTER", "FAILOVER"};
}

}  // namespace

void CommandRunner::run(const command::Command& command, Done done) {
  if (under_way_ >= kUnderWayMax)
    return done(unavailable(std::string(command::name_of(command)), "the agent has too many commands under way"));
  ++under_way_;
  const Done counted = [this, done = std::move(done)](Result<Outcome> outcome) {
    --under_way_;
    done(std::move(outcome));
  };
  std::visit([&](const auto& wanted) { on(wanted, counted); }, command);
}

void CommandRunner::on(const command::GrantStart& grant, const Done& done) {
  const GateState gate = volume_.gate();
  if (gate.start_granted && gate.request && gate.request->id == grant.id) return done(kAlreadySo);
  const auto granted = volume_.grant(grant.id, grant.evidence);
  if (!granted) return done(granted.error());
  settings_.granted(volume_.user_settings());
  done(Outcome{});
}

void CommandRunner::on(const command::SetConfigEpoch& wanted, const Done& done) {
  steps_.look(done, [this, wanted, done](const ClusterNodes& nodes) {
    const NodeRow& self = *nodes.myself();
    if (self.config_epoch == wanted.epoch) return done(kAlreadySo);
    const bool was_met_too_early = nodes.view.rows.size() > 1 && self.config_epoch.value == 0;
    // Without slots there is nothing that a new epoch could win back from anybody (facts §4).
    if (was_met_too_early && self.role == Role::kPrimary && self.slots.empty())
      return steps_.ask({"CLUSTER", "BUMPEPOCH"}, done, [done](const Reply&) { done(Outcome{}); });
    steps_.ask({"CLUSTER", "SET-CONFIG-EPOCH", to_string(wanted.epoch)}, done, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::RaiseEpoch& wanted, const Done& done) {
  steps_.look(done, [this, wanted, done](const ClusterNodes& nodes) {
    const NodeRow& self = *nodes.myself();
    if (self.config_epoch > wanted.above) return done(kAlreadySo);
    if (self.role != Role::kPrimary || self.slots.empty()) return done(refused("raise-epoch", "this node is no primary with slots"));
    const NodeState& newest = newest_();
    const bool moves = newest.moves_slots();
    if (newest.fenced || moves || !nodes.open_slots.empty() || tickets_.running(scheduler_.now()))
      return done(conflict("raise-epoch", "this node is fenced, or its shard or a slot of it changes hands"));
    steps_.ask({"CLUSTER", "BUMPEPOCH"}, done, [done](const Reply& reply) {
      if (reply.text.starts_with("BUMPED")) return done(Outcome{});
      done(conflict("raise-epoch", "the server says " + reply.text.substr(0, 80) + ": it has not heard of a higher epoch yet"));
    });
  });
}

void CommandRunner::on(const command::Meet& meet, const Done& done) {
  steps_.look(done, [this, meet, done](const ClusterNodes& nodes) {
    std::vector<Arguments> calls;
    for (const auto& peer : meet.peers)
      if (!is_known_at(nodes.view, peer))
        calls.push_back({"CLUSTER", "MEET", peer.ip, std::to_string(peer.port), std::to_string(peer.bus_port)});
    if (calls.empty()) return done(kAlreadySo);
    steps_.send_all(std::move(calls), "", done);
  });
}

void CommandRunner::on(const command::AddSlots& add, const Done& done) {
  steps_.look(done, [this, add, done](const ClusterNodes& nodes) {
    const SlotSet missing = add.slots.without(nodes.myself()->slots);
    if (missing.empty()) return done(kAlreadySo);
    Arguments call{"CLUSTER", "ADDSLOTSRANGE"};
    for (const auto& range : missing.ranges()) {
      call.push_back(std::to_string(range.first));
      call.push_back(std::to_string(range.last));
    }
    steps_.ask(std::move(call), done, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::Replicate& replicate, const Done& done) {
  steps_.look(done, [this, replicate, done](const ClusterNodes& nodes) {
    const NodeRow& self = *nodes.myself();
    if (self.role == Role::kReplica && self.primary_id == replicate.primary) return done(kAlreadySo);
    if (self.role == Role::kReplica)
      return steps_.ask({"CLUSTER", "REPLICATE", replicate.primary.str()}, done, [done](const Reply&) { done(Outcome{}); });
    if (!self.slots.empty())
      return done(refused("replicate", "this node owns " + std::to_string(self.slots.count()) + " slots; move them first"));
    replicate_if_empty(replicate.primary, done);
  });
}

void CommandRunner::replicate_if_empty(const NodeId& primary, const Done& done) {
  steps_.ask({"DBSIZE"}, done, [this, primary, done](const Reply& keys) {
    if (keys.integer > 0)
      return done(refused("replicate", "this primary holds " + std::to_string(keys.integer) + " keys, which would be lost"));
    steps_.ask({"CLUSTER", "REPLICATE", primary.str()}, done, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::TakeTicket& take, const Done& done) {
  const auto give = [this, wanted = take.wanted, done] { done(Outcome{false, tickets_.take(wanted, scheduler_.now())}); };
  if (take.wanted.mode != command::FailoverMode::kGraceful) return give();  // the primary is dead: its migrations died with it
  migrator_.clear_for_failover([give, done, alive = alive_.watch()](const Result<void>& clear) {
    if (alive.expired()) return;
    if (!clear) return done(clear.error());
    give();
  });
}

void CommandRunner::on(const command::StartMigration& start, const Done& done) {
  if (const auto running = tickets_.running(scheduler_.now()))
    return done(unavailable("start-migration", "a promotion of " + running->replica.value + " is under way; no slots move meanwhile"));
  migrator_.start(start.job, done);
}

void CommandRunner::on(const command::Failover& failover, const Done& done) {
  steps_.look(done, [this, failover, done](const ClusterNodes& nodes) {
    const auto allowed = check_failover(failover, nodes, newest_());
    if (!allowed) return done(allowed.error());
    steps_.ask(failover_call(failover.mode), done, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::Forget& forget, const Done& done) {
  steps_.look(done, [this, forget, done](const ClusterNodes& nodes) {
    std::vector<Arguments> calls;
    for (const auto& id : forget.ids)
      if (nodes.view.find(id) != nullptr) calls.push_back({"CLUSTER", "FORGET", id.str()});
    if (calls.empty()) return done(kAlreadySo);
    steps_.send_all(std::move(calls), "ERR Unknown node", done);  // gone since the look
  });
}

void CommandRunner::on(const command::SetConfig& set, const Done& done) {
  if (set.settings.empty()) return done(kAlreadySo);
  set_settings(set.settings, done);
}

void CommandRunner::set_settings(const std::map<std::string, std::string>& settings, const Done& done) {
  Arguments question{"CONFIG", "GET"};
  for (const auto& [name, value] : settings) question.push_back(name);
  steps_.ask(std::move(question), done, [this, settings, done](const Reply& reply) {
    if (differing_settings(reply, settings).empty()) return done(kAlreadySo);
    Arguments call{"CONFIG", "SET"};
    for (const auto& [name, value] : settings) call.insert(call.end(), {name, value});
    steps_.ask(std::move(call), done, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::Shutdown&, const Done& done) {
  if (!volume_.gate().lock_held) return done(kAlreadySo);
  steps_.look(done, [this, done](const ClusterNodes& nodes) {
    const NodeRow& self = *nodes.myself();
    if (self.role == Role::kPrimary && !self.slots.empty())
      return done(refused("shutdown", "this primary owns " + std::to_string(self.slots.count()) + " slots; hand over or move them first"));
    // The answer to an obeyed SHUTDOWN is a closed connection, which looks like any other lost one; the lock tells the truth.
    const auto answered = [done](Result<Outcome> outcome) {
      if (!outcome && outcome.error().kind == ErrorKind::kUnknownOutcome) return done(Outcome{});
      done(std::move(outcome));
    };
    steps_.ask({"SHUTDOWN", "NOSAVE"}, answered, [done](const Reply&) { done(Outcome{}); });
  });
}

void CommandRunner::on(const command::Unfence& unfence, const Done& done) {
  set_settings({{"min-replicas-to-write", std::to_string(unfence.min_replicas_to_write)}}, done);
}

}  // namespace shardkeeper::agent
