#include "coordinator/admin/moves.h"

#include "coordinator/plan/slots/forecast.h"

namespace shardkeeper::admin_service {
namespace {

void describe(const plan::MovePreview& move, admin::v1::PlannedMove& out) {
  out.set_from(move.from.value);
  out.set_to(move.to.value);
  out.set_slots(to_string(move.slots));
  out.set_slot_count(move.slots.count());
  out.set_keys(move.load.keys);
  out.set_bytes(move.load.bytes);
}

void describe(const plan::ShardPreview& shard, admin::v1::PlannedShard& out) {
  out.set_shard(shard.shard.value);
  out.set_slots_now(shard.slots_now);
  out.set_slots_then(shard.slots_then);
  out.set_keys_now(shard.keys_now);
  out.set_keys_then(shard.keys_then);
  out.set_bytes_now(shard.bytes_now);
  out.set_bytes_peak(shard.bytes_peak);
  out.set_bytes_max(shard.bytes_max);
}

void describe(const plan::Shortfall& shortfall, admin::v1::Shortfall& out) {
  out.set_shard(shortfall.shard.value);
  out.set_bytes_used(shortfall.bytes_used);
  out.set_bytes_arriving(shortfall.bytes_arriving);
  out.set_bytes_planned(shortfall.bytes_planned);
  out.set_bytes_max(shortfall.bytes_max);
  out.set_text(to_string(shortfall));
}

void describe(const plan::JobStatus& job, admin::v1::MigrationJob& out) {
  out.set_from(job.from.value);
  out.set_to(job.to ? job.to->value : -1);
  out.set_slots(to_string(job.progress.slots));
  out.set_slots_total(job.progress.slots.count());
  out.set_slots_done(job.progress.slots_done.count());
  out.set_keys_total(job.progress.keys_total);
  out.set_keys_done(job.progress.keys_done);
  out.set_bytes_done(job.progress.bytes_done);
  out.set_engine(std::string(to_string(job.progress.engine)));
  out.set_stage(std::string(to_string(job.progress.stage)));
}

}  // namespace

admin::v1::ScalePlan scale_plan(const model::Snapshot& snapshot, const model::History& history, int shards) {
  const plan::Preview preview = plan::preview_of(snapshot, history, shards);
  admin::v1::ScalePlan out;
  out.set_cluster(snapshot.cluster.name.value);
  out.set_shards_now(snapshot.cluster.spec.shards);
  out.set_shards_then(shards);
  for (const auto& move : preview.moves) describe(move, *out.add_moves());
  for (const auto& shard : preview.shards) describe(shard, *out.add_shards());
  for (const auto& shortfall : preview.shortfalls) describe(shortfall, *out.add_shortfalls());
  out.set_slots(preview.slots);
  out.set_keys(preview.load.keys);
  out.set_bytes(preview.load.bytes);
  out.set_slots_of_nobody(preview.nobodys.count());
  return out;
}

std::string refusal_of(const admin::v1::ScalePlan& plan) {
  if (plan.shards_then() >= plan.shards_now() || plan.shortfalls().empty()) return "";
  std::string text = std::to_string(plan.shards_then()) + (plan.shards_then() == 1 ? " shard" : " shards") + " cannot hold the data:";
  constexpr int kShown = 3;
  for (int i = 0; i < plan.shortfalls_size() && i < kShown; ++i)
    text += (i > 0 ? "; shard " : " shard ") + std::to_string(plan.shortfalls(i).shard()) + " " + plan.shortfalls(i).text();
  if (plan.shortfalls_size() > kShown) text += "; and " + std::to_string(plan.shortfalls_size() - kShown) + " more";
  return text + ". Give pods more memory first, or keep more shards";
}

admin::v1::Migration migration(const model::Snapshot& snapshot, const model::History& history) {
  const plan::MigrationStatus status = plan::migration_status(snapshot, history);
  admin::v1::Migration out;
  for (const auto& job : status.jobs) describe(job, *out.add_jobs());
  out.set_slots_left(status.slots_left);
  out.set_keys_left(status.load_left.keys);
  out.set_bytes_left(status.load_left.bytes);
  return out;
}

}  // namespace shardkeeper::admin_service
