// Migration jobs that were started and are not over, as far as the planner can see. Pure.
#pragma once

#include "coordinator/plan/slots/moves.h"
#include "coordinator/plan/world.h"

namespace shardkeeper::plan {

struct ActiveJob {
  std::string id;
  const Member* source;
  std::optional<ShardId> to;  // none: no pod claims the target
  NodeId target;
  SlotSet slots;  // those that are not the target's yet
  // Null while nothing is reported: the order to start is on its way.
  const MigrationProgress* progress;

  bool is_running() const { return progress != nullptr && progress->is_running(); }
};

// RETURNS jobs whose start is in flight, that run, or that ended a moment ago while the source's own word does not show it yet; by
// source. At most one for each source.
std::vector<ActiveJob> active_jobs(const World& world, const model::History& history);

// Slots of any active job.
SlotSet slots_of(const std::vector<ActiveJob>& jobs);

// As if all of them were done.
Owners owners_after(Owners owners, const std::vector<ActiveJob>& jobs);

enum class JobKind {
  kPlanned,   // towards every shard's share
  kFinishes,  // what was left half open; not judged by the plan, and its id says so to every coordinator
};
std::string new_job_id(const World& world, JobKind kind, model::History& history);
JobKind kind_of(const std::string& job_id);
// False: an agent found it at its server, begun by a person or by an agent before this one.
bool is_ours(const std::string& job_id);

// The order to move slots to `target`, a primary that is up.
command::StartMigration start_of(std::string id, SlotSet slots, const Member& target, MigrationEngine engine,
                                 std::uint64_t bytes_per_second);

// Remembers which jobs ended since the last pass: what failed becomes trouble, what was done is none any more.
// RETURNS what to tell of jobs that this coordinator saw running and that ended well, once each; failures are told as trouble.
std::vector<model::Finding> note_ended_jobs(const World& world, model::History& history);
// Until then a job that ended may not show at its source's server, and its slots count as moved.
TimePoint shown_until(const model::EndedJob& ended);

}  // namespace shardkeeper::plan
