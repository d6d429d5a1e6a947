// Slots move until every shard owns its share (architecture §5). The plan is made anew in every pass from who owns what; jobs that run count
// as done in it. A job goes on while the plan agrees with its outcome, and is cancelled when its slots would have to move on at once.
#include "coordinator/plan/checks/checks.h"

#include "coordinator/plan/slots/active.h"
#include "coordinator/plan/slots/engine.h"
#include "coordinator/plan/slots/fitness.h"
#include "coordinator/plan/slots/forecast.h"
#include "coordinator/plan/slots/ownership.h"
#include "coordinator/plan/slots/trouble.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

using model::Reason;

// The source of an atomic job deletes what it gave on its main thread: about 0.1 s at so many keys (facts §2.6).
constexpr std::uint64_t kKeysOfJobMax = 100'000;
// More than these at once would fill the network of a large cluster rather than end sooner.
constexpr int kParallelJobsDefault = 8;

class SlotMoves {
 public:
  SlotMoves(const World& world, const Claims& claimed, model::History& history, Verdict& verdict)
      : world_(world),
        claimed_(claimed),
        history_(history),
        verdict_(verdict),
        seats_(seats_of(world, claimed, history)),
        active_(active_jobs(world, history)),
        running_(running()),
        ownership_(ownership_of(world, history.lost)) {}

  void run() {
    const auto moves = plan_moves(owners_after(ownership_.owners, active_), equal_weights(world_.spec().shards));
    tell_active();
    const bool is_paused = world_.spec().paused;
    if (is_paused) {
      cancel_ours();
    } else {
      cancel_unwanted(moves);
      throttle(moves);
    }
    forget_old_troubles(moves);
    if (std::ranges::none_of(moves, [](const Move& m) { return m.from.has_value(); })) return;
    tell_rest(moves);
    if (is_paused)
      verdict_.hold(Reason::kPaused, "cluster", "spec.paused: no slots move; a job that runs ends when no slot of it is half moved");
    else
      start(startable(moves), moves);
  }

 private:
  void tell_active() {
    for (const auto& job : active_) {
      if (!job.is_running()) continue;
      const auto& p = *job.progress;
      verdict_.hold(Reason::kSlotsMoving, model::about(job.source->name()),
                    "job " + job.id + " moves slots to " + (job.to ? model::about(*job.to) : "node " + job.target.short_form()) + " by " +
                        std::string(to_string(p.engine)) + ": " + std::to_string(p.slots_done.count()) + " of " +
                        std::to_string(p.slots.count()) + " slots, " + std::to_string(p.keys_done) + " of " + std::to_string(p.keys_total) +
                        " keys" + (p.is_cancelled ? "; it ends as soon as no slot of it is half moved" : ""));
    }
  }

  // Its target would give slots away, or its source take some, as soon as it is done.
  void cancel_unwanted(const std::vector<Move>& moves) {
    for (const auto& job : active_) {
      if (!job.is_running() || !job.to || !job.source->shard || kind_of(job.id) == JobKind::kFinishes) continue;
      const bool unwanted = std::ranges::any_of(moves, [&](const Move& m) { return m.from == *job.to || m.to == *job.source->shard; });
      if (unwanted) cancel(job, Reason::kUnwanted, model::about(*job.to) + " is not to own its slots any more");
    }
  }

  void cancel(const ActiveJob& job, Reason why, const std::string& detail) {
    if (job.source->is_up() && !job.progress->is_cancelled) verdict_.order(*job.source, command::CancelMigration{job.id}, why, detail);
  }

  // What somebody began at a server by hand is left to them: that is what a pause is good for.
  void cancel_ours() {
    for (const auto& job : active_)
      if (job.is_running() && is_ours(job.id)) cancel(job, Reason::kPaused, "spec.paused");
  }

  // Limits of the spec, and how many share them, change while jobs run.
  void throttle(const std::vector<Move>& moves) {
    const std::uint64_t rate = rate_of_job(world_.spec().migration, parallel_jobs(moves));
    for (const auto& job : active_)
      if (job.is_running() && is_ours(job.id) && job.source->is_up() && job.progress->bytes_per_second != rate)
        verdict_.order(*job.source, command::ThrottleMigration{job.id, rate}, Reason::kRebalance,
                       rate == 0 ? "no limit holds for it any more" : "its share of spec.migration.maxBytesPerSecond");
  }

  void forget_old_troubles(const std::vector<Move>& moves) {
    SlotSet kept = slots_of(active_);
    for (const auto& move : moves) kept = kept.united(move.slots);
    for (const auto& [ends, open] : history_.half_open) kept = kept.united(open.slots);
    keep_only(history_.troubles, kept);
    for (const auto& trouble : history_.troubles) {
      const bool given_up = trouble.attempts >= kAttemptsMax;
      verdict_.hold(given_up ? Reason::kMoveFailed : Reason::kMoveRetried, "slots " + to_string(trouble.slots),
                    "moving them failed " + std::to_string(trouble.attempts) + " times, the last time at " + trouble.error);
      verdict_.look_again(trouble.not_before);
    }
  }

  void tell_rest(const std::vector<Move>& moves) {
    int slots = 0;
    int pairs = 0;
    for (const auto& move : moves)
      if (move.from) slots += move.slots.count(), ++pairs;
    verdict_.hold(Reason::kSlotsMoving, "cluster",
                  std::to_string(slots) + " slots in " + std::to_string(pairs) + " moves are left beside the jobs that run");
  }

  // What of the moves may start now: settled slots between fit ends with room, without those that failed lately.
  std::vector<Move> startable(const std::vector<Move>& all) {
    std::vector<Move> moves = keep_last_slots(all, world_.spec().shards);
    std::set<ShardId> unfit = without_room(all);
    for (const auto& [shard, role] : ends_in(all)) {
      if (claimed_.contains(shard) || running_.givers.contains(shard) || running_.takers.contains(shard)) {
        unfit.insert(shard);
      } else if (const auto why = unfit_for_moves(world_, seats_, shard, role); !why.empty()) {
        verdict_.hold(Reason::kSlotsWait, model::about(shard), "its slots wait: " + why);
        unfit.insert(shard);
      } else if (lacks_functions(shard)) {
        unfit.insert(shard);
      } else if (const auto* end = end_of(world_, seats_, shard); end->owns_slots() && !is_settled(world_, *end)) {
        unfit.insert(shard);  // the end of its last job is still being told
      }
    }
    SlotSet half_open;  // the business of check_half_open
    for (const auto& [pods, open] : history_.half_open) half_open = half_open.united(open.slots);
    std::erase_if(moves, [&](Move& move) {
      if (!move.from || unfit.contains(*move.from) || unfit.contains(move.to)) return true;
      move.slots = due(history_.troubles, move.slots.common_with(ownership_.agreed).without(half_open), world_.now());
      return move.slots.empty();
    });
    return moves;
  }

  bool lacks_functions(ShardId shard) {
    const Member& newcomer = *end_of(world_, seats_, shard);
    const auto* giver = functions_giver(world_, newcomer);
    if (giver == nullptr) return false;
    verdict_.order(*giver, command::CopyFunctions{newcomer.name(), newcomer.info->agent_address}, Reason::kNewShard,
                   model::about(shard) + " needs the cluster's FUNCTIONs before its first slot");
    return true;
  }

  // No shard both gives and takes.
  static std::map<ShardId, MoveRole> ends_in(const std::vector<Move>& moves) {
    std::map<ShardId, MoveRole> ends;
    for (const auto& move : moves)
      if (move.from) ends[*move.from] = MoveRole::kGives, ends[move.to] = MoveRole::kTakes;
    return ends;
  }

  std::set<ShardId> without_room(const std::vector<Move>& moves) {
    std::set<ShardId> result;
    for (const auto& lack : shortfalls(moves, ends_for(moves), running_)) {
      verdict_.hold(Reason::kNoHeadRoom, model::about(lack.shard), to_string(lack));
      result.insert(lack.shard);
    }
    return result;
  }

  MoveEnds ends_for(const std::vector<Move>& moves) const {
    MoveEnds ends = move_ends(world_, seats_);
    for (const auto& move : moves) {
      ends.try_emplace(move.to);
      if (move.from) ends.try_emplace(*move.from);
    }
    return ends;
  }

  Running running() const {
    if (active_.empty()) return {};
    const MoveEnds ends = move_ends(world_, seats_);
    Running running;
    for (const auto& job : active_) {
      if (!job.source->shard) continue;
      running.givers.insert(*job.source->shard);
      if (!job.to) continue;
      running.takers.insert(*job.to);
      if (const auto from = ends.find(*job.source->shard); from != ends.end())
        running.arriving[*job.to] += still_to_come(from->second, job);
    }
    return running;
  }

  // Keys that have moved, or lie staged at the taker, are in what it uses already.
  static Load still_to_come(const MoveEnd& from, const ActiveJob& job) {
    const auto* progress = job.progress;
    if (progress == nullptr || progress->keys_total == 0) return estimate(from, job.slots.count());
    return estimate_of_keys(from, progress->keys_total - std::min(progress->keys_done, progress->keys_total));
  }

  // Jobs that can run at once: every giver and every taker is in one at most. They share the rate, also while not all of them run.
  int parallel_jobs(const std::vector<Move>& moves) const {
    std::set<ShardId> givers = running_.givers;
    std::set<ShardId> takers = running_.takers;
    for (const auto& move : moves)
      if (move.from) givers.insert(*move.from), takers.insert(move.to);
    const int places = world_.spec().migration.max_parallel_jobs.value_or(kParallelJobsDefault);
    return std::max(1, std::min({places, static_cast<int>(givers.size()), static_cast<int>(takers.size())}));
  }

  void start(const std::vector<Move>& moves, const std::vector<Move>& all) {
    const JobLimits limits{world_.spec().migration.max_parallel_jobs.value_or(kParallelJobsDefault), kKeysOfJobMax};
    const std::uint64_t rate = rate_of_job(world_.spec().migration, parallel_jobs(all));
    for (const auto& job : next_jobs(moves, ends_for(moves), running_, limits)) {
      const Member& from = *end_of(world_, seats_, job.from);
      const Member& to = *end_of(world_, seats_, job.to);
      auto engine =
          engine_for(world_.spec().migration.engine, from.state->version, to.state->version, attempts_of(history_.troubles, job.slots));
      // A server with half-open slots refuses MIGRATESLOTS altogether (facts §2.1).
      if (!from.state->open_slots.empty() || !to.state->open_slots.empty()) engine = MigrationEngine::kKeys;
      verdict_.order(
          from, start_of(new_job_id(world_, JobKind::kPlanned, history_), job.slots, to, engine, rate), Reason::kRebalance,
          std::to_string(job.slots.count()) + " slots with about " + std::to_string(job.load.keys) + " keys go to " + model::about(job.to));
    }
  }

  const World& world_;
  const Claims& claimed_;
  model::History& history_;
  Verdict& verdict_;
  Seats seats_;
  std::vector<ActiveJob> active_;
  const Running running_;
  Ownership ownership_;
};

}  // namespace

Verdict check_moves(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  const bool just_started = !world.everybody_heard() && world.now() - world.snapshot().started < Duration(world.spec().node_timeout);
  verdict.is_blind = !world.views_known;
  if (verdict.is_blind || world.majority == nullptr || world.voters().empty() || just_started) return verdict;
  SlotMoves(world, claimed, history, verdict).run();
  return verdict;
}

}  // namespace shardkeeper::plan
