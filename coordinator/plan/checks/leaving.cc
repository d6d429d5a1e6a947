// Shards that are not asked for (architecture §6, "Removal"). They keep their replicas until they own nothing. Then two things must hold
// before anybody is shut down: none of its nodes holds a key or an open slot, and the replicas of the shards that stay have everything that
// their primaries had when it became empty; until then the leaving nodes hold the only second copy of what was moved last.
#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/placement/membership.h"
#include "coordinator/plan/slots/active.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

constexpr Duration kAskAgainAfter = std::chrono::milliseconds(500);

// A replica that was not online when its primary closed a slot keeps the flag for good (Valkey issues 998, 1664): it means nothing as long as
// that primary is there and says that it has none.
bool has_open_slots(const World& world, const Member& member) {
  if (member.state->open_slots.empty()) return false;
  if (member.is_primary() || !member.state->primary_id) return true;
  const auto primary = world.by_id(*member.state->primary_id);
  return !primary || !world.members[*primary].is_primary();
}

// Why nobody of an empty shard may be shut down yet; empty when nothing stands against it.
std::string objection(const World& world, ShardId id, const ShardView& shard, const std::vector<ActiveJob>& active) {
  for (const auto& job : active)
    if (job.source->shard == id || job.to == id) return "job " + job.id + " is not over";
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    if (!member.is_up()) continue;
    if (has_open_slots(world, member)) return "pod " + member.name().value + " has half moved slots";
    if (member.is_primary() && member.state->keys > 0)
      return "pod " + member.name().value + " owns no slots and still holds " + std::to_string(member.state->keys) + " keys";
  }
  return {};
}

bool is_replica_of(const Member& member, const Member& primary) { return member.is_replica() && member.state->primary_id == primary.id; }

// Asks the primaries of the shards that stay how far they are, and then their replicas until they are as far.
class CatchUp {
 public:
  CatchUp(const World& world, model::Emptied& emptied, model::History& history, Verdict& verdict)
      : world_(world), emptied_(emptied), history_(history), verdict_(verdict) {}

  // RETURNS who is behind, for people; empty when nobody is.
  std::string waits_for() {
    std::string behind;
    bool ask = world_.now() - emptied_.asked_at >= kAskAgainAfter;
    std::uint64_t nonce = 0;
    for (const auto& [id, shard] : world_.shards) {
      if (id.value >= world_.spec().shards) continue;
      if (!shard.primary) {
        if (!shard.members.empty()) note(behind, model::about(id) + " has no primary");
        continue;
      }
      const auto& primary = world_.members[*shard.primary];
      if (!emptied_.offsets.contains(id) && primary.state->nonce >= emptied_.nonce)
        emptied_.offsets[id] = primary.state->replication.offset_bytes;
      if (!emptied_.offsets.contains(id)) {
        verdict_.step(model::AskReport{primary.name(), emptied_.nonce}, Reason::kReportWanted, "a shard is empty: how far is it?");
        note(behind, "pod " + primary.name().value + " has not said how far it is");
        continue;
      }
      note_replicas(shard, primary, emptied_.offsets[id], ask, nonce, behind);
    }
    if (nonce != 0) emptied_.asked_at = world_.now();
    if (!behind.empty()) verdict_.look_again(emptied_.asked_at + kAskAgainAfter);
    return behind;
  }

 private:
  static void note(std::string& text, const std::string& what) { text += (text.empty() ? "" : ", ") + what; }

  void note_replicas(const ShardView& shard, const Member& primary, std::uint64_t offset, const bool& ask, std::uint64_t& nonce,
                     std::string& behind) {
    int caught_up = 0;
    std::vector<const Member*> late;
    for (const auto index : shard.members) {
      const auto& member = world_.members[index];
      if (member.leaving || !is_replica_of(member, primary)) continue;
      const bool has_all = member.state->replication.has_synced && member.state->replication.offset_bytes >= offset;
      has_all ? void(++caught_up) : late.push_back(&member);
    }
    if (caught_up >= world_.spec().replicas_per_shard) return;
    note(behind, std::to_string(caught_up) + " of " + std::to_string(world_.spec().replicas_per_shard) + " replicas of pod " +
                     primary.name().value + " have all that was moved");
    if (!ask) return;
    for (const auto* replica : late) {
      if (nonce == 0) nonce = ++history_.last_nonce;
      verdict_.step(model::AskReport{replica->name(), nonce}, Reason::kReportWanted, "has it caught up with what was moved?");
    }
  }

  const World& world_;
  model::Emptied& emptied_;
  model::History& history_;
  Verdict& verdict_;
};

void remove_members(const World& world, const ShardView& shard, Verdict& verdict) {
  for (const auto index : shard.members) {
    const auto& member = world.members[index];
    const auto& pod = member.info->pod;
    if (pod.is_deleting) continue;
    if (member.is_up()) {
      verdict.order(member, command::Shutdown{}, Reason::kShardLeaves, "its shard is not asked for and owns nothing");
    } else if (member.presence != Presence::kDead) {
      verdict.hold(Reason::kShardLeaves, model::about(member.name()), "it does not answer; it is removed once it does, or is known dead");
    } else if (world.is_listed(member.dead_id) || !world.views_known) {
      verdict.hold(Reason::kShardLeaves, model::about(member.name()), "its server has ended; waiting until every node has forgotten it");
    } else {
      verdict.step(model::RemovePod{member.name(), pod.uid, kGoneGrace}, Reason::kShardLeaves,
                   is_viable(world, member) ? "its server has ended and is forgotten" : "its worker is gone, " + member.evidence);
    }
  }
}

// While two shards would be left to vote, no one goes before the other: removal begins when all that leave are empty.
bool others_must_empty_first(const World& world) {
  if (world.spec().shards >= 3) return false;
  return std::ranges::any_of(world.shards, [&](const auto& entry) {
    return entry.first.value >= world.spec().shards && !entry.second.members.empty() && !is_without_slots(world, entry.first);
  });
}

void release(const World& world, ShardId id, const ShardView& shard, const std::vector<ActiveJob>& active, model::History& history,
             Verdict& verdict) {
  if (const auto why = objection(world, id, shard, active); !why.empty()) {
    history.emptied.erase(id);
    verdict.hold(Reason::kShardEmptying, model::about(id), "it owns nothing any more, but " + why);
    return;
  }
  if (!world.everybody_heard()) {
    verdict.hold(Reason::kShardEmptying, model::about(id), "it owns nothing any more, but not every agent has been heard");
    return;
  }
  if (others_must_empty_first(world)) {
    verdict.hold(Reason::kShardEmptying, model::about(id), "it owns nothing any more, and waits for the other shards that leave");
    return;
  }
  auto& emptied = history.emptied[id];
  if (emptied.nonce == 0) emptied.nonce = ++history.last_nonce;
  if (const auto behind = CatchUp(world, emptied, history, verdict).waits_for(); !behind.empty()) {
    verdict.hold(Reason::kShardEmptying, model::about(id), "it owns nothing any more, but " + behind);
    return;
  }
  history.emptied.erase(id);
  history.released.insert(id);
  verdict.look_again(world.now() + std::chrono::milliseconds(1));  // its members are marked as leaving from the next pass on
}

}  // namespace

Verdict check_leaving(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  const auto is_gone = [&](ShardId id) { return !is_without_slots(world, id) || world.shards.at(id).members.empty(); };
  std::erase_if(history.released, is_gone);
  std::erase_if(history.emptied, [&](const auto& entry) { return is_gone(entry.first); });
  verdict.is_blind = !world.views_known;
  if (verdict.is_blind || world.majority == nullptr || world.voters().empty()) return verdict;
  const auto active = active_jobs(world, history);
  for (const auto& [id, shard] : world.shards) {
    if (id.value < world.spec().shards || shard.members.empty()) continue;
    if (!is_without_slots(world, id))
      verdict.hold(Reason::kShardEmptying, model::about(id), "it is not asked for, and still owns slots");
    else if (history.released.contains(id))
      remove_members(world, shard, verdict);
    else if (!claimed.contains(id))
      release(world, id, shard, active, history, verdict);
  }
  return verdict;
}

}  // namespace shardkeeper::plan
