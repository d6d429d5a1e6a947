// Replaces primaries that are known dead: architecture §6, each rule of which was tried on real servers (facts §15).
#include "coordinator/plan/checks/checks.h"
#include "coordinator/plan/stale_copy.h"

#include <algorithm>
#include <set>

namespace shardkeeper::plan {
namespace {

using command::FailoverMode;
using model::Reason;
using model::Succession;

constexpr Duration kReportsAwaited = std::chrono::milliseconds(500);
constexpr Duration kForceWinsWithin = std::chrono::seconds(1);  // repeating it sooner delays the election by 20 s
constexpr Duration kTakeoverSeenWithin = std::chrono::seconds(2);

// The cluster's votes as this coordinator can see them.
struct Quorum {
  std::size_t voters = 0;  // slot-owning primaries by the majority's view, the dead one included
  std::size_t up = 0;
  std::size_t unseen = 0;  // neither reachable nor known dead: may form a majority out of sight
  std::string unseen_names;

  std::size_t majority() const { return voters / 2 + 1; }
  bool can_elect() const { return voters >= 3 && up >= majority(); }
  bool nobody_hidden() const { return unseen < majority(); }
};

Quorum count_quorum(const World& world) {
  Quorum quorum;
  for (const auto* row : world.voters()) {
    ++quorum.voters;
    const auto index = world.by_id(row->id);
    if (index && world.members[*index].is_up()) {
      ++quorum.up;
    } else if (!world.dead_evidence(row->id) && !(index && world.members[*index].presence == Presence::kStarting)) {
      ++quorum.unseen;
      quorum.unseen_names +=
          (quorum.unseen_names.empty() ? "" : ", ") + (index ? world.members[*index].name().value : row->id.short_form());
    }
  }
  return quorum;
}

std::string quorum_text(const Quorum& quorum) {
  return std::to_string(quorum.unseen) + " of " + std::to_string(quorum.voters) + " slot-owning primaries are unreachable (" +
         quorum.unseen_names + ") and may form a majority; confirm their loss with: shardkeeper takeover --confirm-lost WORKER";
}

struct DeadPrimary {
  const NodeRow* row = nullptr;    // in the majority's view
  const Member* holder = nullptr;  // the pod beside which it ran; null when that pod is gone
  std::optional<ShardId> shard;
  std::string evidence;
  bool known_dead = true;               // false: only given up by its cluster; voters honour FORCE even against a live primary
  std::vector<const Member*> replicas;  // up, by pod name
};

// Somebody serves its slots already, by his own word.
bool is_succeeded(const World& world, const NodeRow& row) {
  const Epoch epoch = world.highest_epoch_of(row);
  return std::ranges::any_of(world.members, [&](const Member& m) {
    return m.owns_slots() && m.id != row.id && m.state->config_epoch > epoch && m.state->slots.overlaps(row.slots);
  });
}

DeadPrimary describe(const World& world, const NodeRow& row, std::string evidence) {
  DeadPrimary dead{&row, nullptr, std::nullopt, std::move(evidence), true, {}};
  if (const auto index = world.by_dead_id(row.id)) {
    dead.holder = &world.members[*index];
    dead.shard = dead.holder->shard;
  }
  for (const auto& member : world.members)
    if (member.is_replica() && member.state->primary_id == row.id && !member.leaving) {
      dead.replicas.push_back(&member);
      if (!dead.shard) dead.shard = member.shard;
    }
  return dead;
}

// Replicas that the dead primary last listed as online (or, where that is lost, that the others list) and that are neither
// known dead nor heard since the death. While one is missing, a fresher copy than the best known may exist.
std::vector<std::string> unheard_replicas(const World& world, const DeadPrimary& dead, std::uint64_t nonce) {
  std::vector<std::string> missing;
  const auto note = [&](const std::optional<std::size_t> index, const std::string& otherwise) {
    if (!index) {
      missing.push_back(otherwise);
      return;
    }
    const auto& member = world.members[*index];
    if (member.presence == Presence::kDead || (member.is_reachable() && member.state->nonce >= nonce)) return;
    missing.push_back(member.name().value);
  };
  const auto* life = dead.holder != nullptr && dead.holder->state->last_life ? &*dead.holder->state->last_life : nullptr;
  if (life != nullptr && life->node_id == dead.row->id && !life->replication.online_replicas.empty()) {
    for (const auto& replica : life->replication.online_replicas) note(world.by_endpoint(replica.endpoint), to_string(replica.endpoint));
    return missing;
  }
  for (const auto& row : world.majority->rows)
    if (row.primary_id == dead.row->id && !world.dead_evidence(row.id)) note(world.by_id(row.id), row.id.short_form());
  return missing;
}

// Finished a sync and carries the dead primary's history. Null: usable; else why not.
const char* unfit(const Member& replica, const DeadPrimary& dead, std::uint64_t nonce) {
  const auto& own = replica.state->replication;
  if (replica.state->nonce < nonce) return "has not reported since the death";
  if (!own.has_synced || own.sync_in_progress) return "has not finished a sync";
  const auto* life = dead.holder != nullptr && dead.holder->state->last_life ? &*dead.holder->state->last_life : nullptr;
  const bool history_known = life != nullptr && life->node_id == dead.row->id && !life->replication.replication_id.empty();
  if (history_known && own.replication_id != life->replication.replication_id) return "carries another history";
  return nullptr;
}

// The freshest usable replica; among equals the first by pod name.
const Member* choose(const DeadPrimary& dead, std::uint64_t nonce) {
  const Member* best = nullptr;
  for (const auto* replica : dead.replicas) {
    if (unfit(*replica, dead, nonce) != nullptr) continue;
    if (best == nullptr || replica->state->replication.offset_bytes > best->state->replication.offset_bytes) best = replica;
  }
  return best;
}

// No candidate is left, and a person has said that the old copy of this replica is better than none.
const Member* chosen_by_hand(const DeadPrimary& dead, std::uint64_t nonce, const model::History& history) {
  if (!dead.known_dead) return nullptr;
  for (const auto* replica : dead.replicas)
    if (history.stale_accepted.contains(*replica->id) && replica->state->nonce >= nonce && holds_a_copy(*replica)) return replica;
  return nullptr;
}

std::string why_nobody(const DeadPrimary& dead, std::uint64_t nonce) {
  if (dead.replicas.empty()) return "no replica is up";
  std::string text;
  for (const auto* replica : dead.replicas) {
    const std::string& name = replica->name().value;
    text += (text.empty() ? "" : "; ") + name + " " + unfit(*replica, dead, nonce);
    if (dead.known_dead && holds_a_copy(*replica))
      text += ", but holds an old copy of " + std::to_string(replica->state->keys) +
              " keys; where nothing better can come back: shardkeeper takeover --accept-stale " + name;
  }
  return text;
}

// Whoever is left of the shard is an empty replica that never finished a sync, and nobody is out of sight: the data died with the primary.
bool nothing_left(const World& world, const DeadPrimary& dead, std::uint64_t nonce) {
  if (!dead.known_dead || !dead.shard || dead.replicas.empty() || !unheard_replicas(world, dead, nonce).empty()) return false;
  const auto is_empty = [&](const Member& m) {
    return m.is_replica() && m.state->nonce >= nonce && !m.state->replication.has_synced && m.state->keys == 0;
  };
  for (const auto& member : world.members)
    if (member.shard == dead.shard && member.presence != Presence::kDead && !is_empty(member)) return false;
  return std::ranges::all_of(dead.replicas, [&](const Member* replica) { return is_empty(*replica); }) &&
         std::ranges::all_of(world.majority->rows, [&](const NodeRow& row) {
           return row.primary_id != dead.row->id || world.by_id(row.id) || world.dead_evidence(row.id);
         });
}

class Failover {
 public:
  Failover(const World& world, model::History& history, Verdict& verdict)
      : world_(world), history_(history), verdict_(verdict), quorum_(count_quorum(world)) {}

  void replace(const DeadPrimary& dead) {
    replaced_.insert(dead.row->id);
    if (dead.shard) verdict_.claims.insert(*dead.shard);
    auto& succession = history_.successions[dead.row->id];
    if (succession.nonce == 0) succession = {world_.now(), ++history_.last_nonce, {}, {}};
    ask_for_reports(dead, succession);
    if (!reports_suffice(dead, succession)) return;
    const auto* best = choose(dead, succession.nonce);
    if (best == nullptr && awaits_answers(dead, succession)) return;
    if (best == nullptr) best = chosen_by_hand(dead, succession.nonce, history_);
    if (best == nullptr) {
      // They can neither be promoted nor sync, and hold the gates shut by following: stopped, they start anew with the rest of the shard.
      if (nothing_left(world_, dead, succession.nonce))
        for (const auto* replica : dead.replicas)
          verdict_.order(*replica, command::Shutdown{}, Reason::kShardLost,
                         "it never finished a sync and is empty, and no other copy is left");
      verdict_.hold(Reason::kNoCandidate, subject(dead),
                    "primary is dead (" + dead.evidence + ") and " + why_nobody(dead, succession.nonce));
      return;
    }
    if (!knows_who_owns(dead, *best, succession)) return;
    promote(dead, *best, succession);
  }

  bool has_replaced(const NodeId& id) const { return replaced_.contains(id); }

 private:
  static std::string subject(const DeadPrimary& dead) {
    return dead.shard ? model::about(*dead.shard) : "node " + dead.row->id.short_form();
  }

  void ask_for_reports(const DeadPrimary& dead, const Succession& succession) {
    for (const auto* replica : dead.replicas)
      if (replica->state->nonce < succession.nonce)
        verdict_.step(model::AskReport{replica->name(), succession.nonce}, Reason::kReportWanted, "its primary died");
  }

  bool reports_suffice(const DeadPrimary& dead, const Succession& succession) {
    const auto missing = unheard_replicas(world_, dead, succession.nonce);
    if (missing.empty()) return true;
    std::string names;
    for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
    const TimePoint until = succession.seen_dead + kReportsAwaited;
    if (world_.now() < until) {
      verdict_.look_again(until);
      verdict_.hold(Reason::kWaitingForReports, subject(dead), "waiting up to 500 ms to hear from " + names);
      return false;
    }
    if (quorum_.can_elect()) {
      verdict_.hold(Reason::kLeftToElection, subject(dead), "not heard: " + names + "; it may be fresher, so Valkey's election decides");
      return false;
    }
    verdict_.hold(Reason::kReplicaUnheard, subject(dead), "promoting the best known replica without hearing from " + names);
    return true;
  }

  // Replicas that were not online when their primary died need not be waited for where another can be promoted; but before it is said that there
  // is nobody, they have their say.
  bool awaits_answers(const DeadPrimary& dead, const Succession& succession) {
    const TimePoint until = succession.seen_dead + kReportsAwaited;
    std::string names;
    for (const auto* replica : dead.replicas)
      if (replica->state->nonce < succession.nonce) names += (names.empty() ? "" : ", ") + replica->name().value;
    if (names.empty() || world_.now() >= until) return false;
    verdict_.look_again(until);
    verdict_.hold(Reason::kWaitingForReports, subject(dead), "waiting up to 500 ms to hear from " + names);
    return true;
  }

  // It died while the server at the other end of an atomic migration may have taken the slots, or given them. An heir that has not heard of
  // that would claim too many slots, whose keys its source has begun to delete, or too few (Valkey issue 2724).
  bool knows_who_owns(const DeadPrimary& dead, const Member& heir, const Succession& succession) {
    const TimePoint until = succession.seen_dead + kReportsAwaited;
    if (world_.now() >= until) return true;
    for (const auto* other : other_ends(dead)) {
      const bool has_reported = other->state->nonce >= succession.nonce;
      if (!has_reported)
        verdict_.step(model::AskReport{other->name(), succession.nonce}, Reason::kReportWanted, "slots changed their owner");
      const auto* seen = heir.view != nullptr ? heir.view->find(*other->id) : nullptr;
      const auto* seen_dead = heir.view != nullptr ? heir.view->find(dead.row->id) : nullptr;
      const bool agrees =
          seen != nullptr && seen->slots == other->state->slots && seen_dead != nullptr && seen_dead->slots == dead.row->slots;
      if (has_reported && agrees) continue;
      verdict_.look_again(until);
      verdict_.hold(Reason::kWaitingForReports, subject(dead),
                    "slots changed their owner between it and pod " + other->name().value + " when it died: waiting up to 500 ms until " +
                        heir.name().value + " knows who has them");
      return false;
    }
    return true;
  }

  // Of migrations at their last step, by the newest word of their source's agent.
  std::vector<const Member*> other_ends(const DeadPrimary& dead) const {
    std::vector<const Member*> ends;
    for (const auto& member : world_.members) {
      if (member.state == nullptr || !member.state->migration || !member.state->migration->is_handing_over) continue;
      const auto& target = member.state->migration->target_node;
      if (target == dead.row->id && member.is_up()) ends.push_back(&member);
      if (&member != dead.holder) continue;
      if (const auto index = world_.by_id(target); index && world_.members[*index].is_up()) ends.push_back(&world_.members[*index]);
    }
    return ends;
  }

  // A voter refuses a replica that it does not know as this primary's: gossip may take a second to tell. Then FORCE cannot win.
  bool voters_know(const DeadPrimary& dead, const Member& heir) const {
    std::size_t knowing = 0;
    for (const auto& member : world_.members) {
      if (!member.owns_slots() || member.view == nullptr) continue;
      const auto* row = member.view->find(*heir.id);
      knowing += row != nullptr && row->role == Role::kReplica && row->primary_id == dead.row->id ? 1U : 0U;
    }
    return knowing >= quorum_.majority();
  }

  void promote(const DeadPrimary& dead, const Member& best, Succession& succession) {
    if (dead.known_dead && quorum_.can_elect() && !succession.forced_at && voters_know(dead, best)) {
      succession.forced_at = world_.now();
      emit(dead, best, FailoverMode::kForce, Reason::kProcessDead, dead.evidence);
      verdict_.look_again(world_.now() + kForceWinsWithin);
      return;
    }
    if (succession.forced_at && world_.now() - *succession.forced_at < kForceWinsWithin) {
      verdict_.look_again(*succession.forced_at + kForceWinsWithin);
      return;
    }
    if (!quorum_.nobody_hidden()) {
      verdict_.hold(Reason::kQuorumUnreachable, subject(dead), quorum_text(quorum_));
      return;
    }
    take_over(dead, best, succession);
  }

  // One shard after the other, so that each takes an epoch of its own.
  void take_over(const DeadPrimary& dead, const Member& best, Succession& succession) {
    for (const auto& [id, other] : history_.successions)
      if (id != dead.row->id && other.taken_over_at && world_.now() - *other.taken_over_at < kTakeoverSeenWithin && !settled(id)) {
        verdict_.look_again(*other.taken_over_at + kTakeoverSeenWithin);
        verdict_.hold(Reason::kFailoverPending, subject(dead), "another shard's take-over is under way");
        return;
      }
    if (succession.taken_over_at && world_.now() - *succession.taken_over_at < kTakeoverSeenWithin) {
      verdict_.look_again(*succession.taken_over_at + kTakeoverSeenWithin);
      return;
    }
    succession.taken_over_at = world_.now();
    emit(dead, best, FailoverMode::kTakeover, succession.forced_at ? Reason::kNotWon : Reason::kProcessDead,
         dead.evidence + (quorum_.can_elect() ? ", the voters do not elect it and no majority can" : ", no majority can vote or") +
             " exist out of sight");
    verdict_.look_again(world_.now() + kTakeoverSeenWithin);
  }

  bool settled(const NodeId& id) const {
    const auto* row = world_.majority->find(id);
    return row == nullptr || row->slots.empty() || is_succeeded(world_, *row);
  }

  void emit(const DeadPrimary& dead, const Member& best, FailoverMode mode, Reason why, std::string detail) {
    std::optional<PodName> holder;
    if (dead.holder != nullptr && world_.now() - dead.holder->info->heard_at < world_.spec().node_timeout && dead.holder->info->stream_open)
      holder = dead.holder->name();
    const Epoch epoch = world_.highest_epoch_of(*dead.row);
    model::Promote promote{dead.shard.value_or(ShardId{}), best.name(), dead.row->id, std::move(holder), epoch, mode};
    promote.accept_stale = unfit(best, dead, history_.successions.at(dead.row->id).nonce) != nullptr;
    if (promote.accept_stale) detail += "; a person chose its old copy";
    verdict_.step(std::move(promote), why, std::move(detail));
  }

  const World& world_;
  model::History& history_;
  Verdict& verdict_;
  Quorum quorum_;
  std::set<NodeId> replaced_;  // in this pass
};

TimePoint silent_since(const World& world, const NodeRow& row) {
  const auto index = world.by_id(row.id);
  return index ? world.members[*index].info->heard_at : world.snapshot().started;
}

// Says who decides: Valkey's election, or, where a majority may be out of sight (with one shard always), a person.
void say_unreachable(const World& world, const NodeRow& row, std::string subject, Verdict& verdict) {
  const Quorum quorum = count_quorum(world);
  if (!quorum.nobody_hidden() && world.now() - silent_since(world, row) > world.spec().node_timeout)
    verdict.hold(Reason::kQuorumUnreachable, std::move(subject), quorum_text(quorum));
  else
    verdict.hold(Reason::kPrimaryUnreachable, std::move(subject),
                 "its primary cannot be reached and is not known dead; Valkey's own election decides");
}

// A primary whose agent or server is silent: Valkey's own election decides, except where its cluster gave it up, nobody can be
// hidden, and no election came of it.
std::optional<std::string> given_up(const World& world, const NodeRow& row, model::History& history, Verdict& verdict) {
  const bool flagged = std::ranges::all_of(world.members, [&](const Member& m) {
    if (!m.is_up()) return true;
    const auto* seen = m.view == nullptr ? nullptr : m.view->find(row.id);
    return seen != nullptr && seen->is_failed;
  });
  const TimePoint until = silent_since(world, row) + 2 * Duration(world.spec().node_timeout);
  if (flagged)
    history.failed_since.try_emplace(row.id, world.now());
  else
    history.failed_since.erase(row.id);
  if (!flagged || world.now() < until || !count_quorum(world).nobody_hidden()) {
    verdict.look_again(until);
    return std::nullopt;
  }
  return "every reachable node flags it failed and it has been silent for two node timeouts";
}

// Replaces the primary behind `row`, which is not up, if it is known dead or was given up by its cluster.
void replace_if_dead(const World& world, const NodeRow& row, Failover& failover, model::History& history, Verdict& verdict) {
  auto evidence = world.dead_evidence(row.id);
  if (!evidence) {
    const auto index = world.by_id(row.id);
    const auto shard = index ? world.members[*index].shard : std::nullopt;
    if (shard) verdict.claims.insert(*shard);
    say_unreachable(world, row, shard ? model::about(*shard) : "node " + row.id.short_form(), verdict);
    evidence = given_up(world, row, history, verdict);
    if (!evidence) return;
  }
  auto dead = describe(world, row, *evidence);
  dead.known_dead = world.dead_evidence(row.id).has_value();
  failover.replace(dead);
}

// A primary that died before it owned a slot may have had keys already: its replica has them now, and nobody else.
void replace_takers(const World& world, Failover& failover, model::History& history, Verdict& verdict) {
  for (const auto& [id, shard] : world.shards) {
    if (!shard.orphan) continue;
    const auto& orphan = world.members[*shard.orphan];
    const auto* row = world.majority->find(*orphan.state->primary_id);
    if (row != nullptr && !row->slots.empty()) continue;  // a voter
    verdict.claims.insert(id);
    if (row == nullptr)
      verdict.hold(Reason::kNoCandidate, model::about(id),
                   "its primary is forgotten, and pod " + orphan.name().value + " holds keys of slots that were on their way to it");
    else
      replace_if_dead(world, *row, failover, history, verdict);
  }
}

}  // namespace

Verdict check_failover(const World& world, const Claims&, model::History& history) {
  Verdict verdict;
  if (world.majority == nullptr) return verdict;
  Failover failover(world, history, verdict);
  for (const auto* row : world.voters()) {
    const auto index = world.by_id(row->id);
    if ((index && world.members[*index].is_up()) || is_succeeded(world, *row)) continue;
    replace_if_dead(world, *row, failover, history, verdict);
  }
  replace_takers(world, failover, history, verdict);
  std::erase_if(history.stale_accepted, [&](const NodeId& id) { return !world.by_id(id); });
  std::erase_if(history.successions, [&](const auto& entry) {
    const auto* row = world.majority->find(entry.first);
    return row == nullptr || (row->slots.empty() && !failover.has_replaced(entry.first));
  });
  return verdict;
}

}  // namespace shardkeeper::plan
