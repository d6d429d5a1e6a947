#include "coordinator/plan/slots/active.h"

#include "coordinator/plan/slots/ownership.h"
#include "coordinator/plan/slots/trouble.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

// A job's end is known to its source's agent before gossip tells the source's server; later the server's word counts.
constexpr Duration kEndShowsWithin = std::chrono::seconds(5);
constexpr std::string_view kFinishes = "-finish";

const command::StartMigration* start_in_flight(const World& world, const PodName& pod) {
  for (const auto& item : world.snapshot().in_flight)
    if (const auto* order = std::get_if<model::Order>(&item.step.action); order != nullptr && order->pod == pod)
      if (const auto* start = std::get_if<command::StartMigration>(&order->command)) return start;
  return nullptr;
}

bool is_still_showing(const World& world, const model::History& history, const Member& member, const MigrationProgress& progress) {
  if (progress.is_running()) return true;
  if (!progress.slots_done.overlaps(member.state->slots)) return false;
  const auto ended = history.ended_jobs.find(member.name());
  if (ended == history.ended_jobs.end() || ended->second.job != progress.job) return true;
  return !ended->second.shown && world.now() < shown_until(ended->second);
}

model::Finding told_of(const World& world, const Member& source, const MigrationProgress& progress) {
  const auto to = shard_of(world, progress.target_node);
  const std::string taker = to ? model::about(*to) : "node " + progress.target_node.short_form();
  const bool is_done = progress.stage == MigrationProgress::Stage::kDone;
  return {model::Reason::kSlotsMoved, model::about(source.name()),
          "job " + progress.job + (is_done ? " moved " : " was cancelled; it had moved ") + std::to_string(progress.slots_done.count()) +
              " of " + std::to_string(progress.slots.count()) + " slots with " + std::to_string(progress.keys_done) + " keys to " + taker +
              " by " + std::string(to_string(progress.engine))};
}

}  // namespace

std::vector<ActiveJob> active_jobs(const World& world, const model::History& history) {
  std::vector<ActiveJob> jobs;
  for (const auto& member : world.members) {
    // A silent agent's job may go on: its ends stay busy until it is heard, or known dead.
    if (member.state == nullptr || member.presence == Presence::kDead) continue;
    const auto& progress = member.state->migration;
    const auto* start = start_in_flight(world, member.name());
    if (start != nullptr && (!progress || progress->job != start->job.id)) {
      const auto& job = start->job;
      jobs.push_back({job.id, &member, shard_of(world, job.target_node), job.target_node, job.slots, nullptr});
    } else if (progress && is_still_showing(world, history, member, *progress)) {
      const bool runs = progress->is_running();
      jobs.push_back({progress->job, &member, shard_of(world, progress->target_node), progress->target_node,
                      runs ? progress->slots.without(progress->slots_done) : progress->slots_done, &*progress});
    }
  }
  return jobs;
}

SlotSet slots_of(const std::vector<ActiveJob>& jobs) {
  SlotSet slots;
  for (const auto& job : jobs) slots = slots.united(job.progress != nullptr ? job.progress->slots : job.slots);
  return slots;
}

Owners owners_after(Owners owners, const std::vector<ActiveJob>& jobs) {
  for (const auto& job : jobs) {
    if (!job.to || !job.source->shard) continue;
    auto& from = owners[*job.source->shard];
    const SlotSet moving = job.slots.common_with(from);
    from = from.without(moving);
    owners[*job.to] = owners[*job.to].united(moving);
  }
  return owners;
}

std::string new_job_id(const World& world, JobKind kind, model::History& history) {
  std::string id = "m-" + std::to_string(world.snapshot().token.value) + "-" + std::to_string(++history.last_job);
  if (kind == JobKind::kFinishes) id += kFinishes;
  return id;
}

command::StartMigration start_of(std::string id, SlotSet slots, const Member& target, MigrationEngine engine,
                                 std::uint64_t bytes_per_second) {
  const Endpoint server{target.info->pod.ip, target.state->announced.port, target.state->announced.bus_port};
  return {{.id = std::move(id),
           .slots = std::move(slots),
           .target_pod = target.name(),
           .target_agent = target.info->agent_address,
           .target_node = *target.id,
           .target_server = server,
           .engine = engine,
           .bytes_per_second = bytes_per_second}};
}

std::vector<model::Finding> note_ended_jobs(const World& world, model::History& history) {
  std::vector<model::Finding> told;
  const auto has_no_pod = [&](const auto& entry) {
    return std::ranges::none_of(world.members, [&](const Member& m) { return m.name() == entry.first; });
  };
  std::erase_if(history.ended_jobs, has_no_pod);
  std::erase_if(history.running_jobs, has_no_pod);
  for (const auto& member : world.members) {
    if (!member.is_up() || !member.state->migration) continue;
    const auto& progress = *member.state->migration;
    auto& running = history.running_jobs[member.name()];
    const auto* start = start_in_flight(world, member.name());
    const bool was_seen = running == progress.job || (start != nullptr && start->job.id == progress.job);
    if (progress.is_running()) {
      running = progress.job;
      continue;
    }
    auto& ended = history.ended_jobs[member.name()];
    const bool is_news = ended.job != progress.job;
    if (is_news) ended = {progress.job, world.now(), false};
    ended.shown = ended.shown || !progress.slots_done.overlaps(member.state->slots);
    if (!is_news) continue;
    if (was_seen && progress.stage != MigrationProgress::Stage::kFailed) told.push_back(told_of(world, member, progress));
    keep_only(history.troubles, SlotSet::all().without(progress.slots_done));
    const SlotSet left = progress.slots.without(progress.slots_done);
    if (progress.stage == MigrationProgress::Stage::kFailed && !left.empty())
      note_failure(history.troubles, left, member.name().value + ": " + progress.error, world.now());
  }
  return told;
}

TimePoint shown_until(const model::EndedJob& ended) { return ended.at + kEndShowsWithin; }

JobKind kind_of(const std::string& job_id) { return job_id.ends_with(kFinishes) ? JobKind::kFinishes : JobKind::kPlanned; }

bool is_ours(const std::string& job_id) { return job_id.starts_with("m-"); }

}  // namespace shardkeeper::plan
