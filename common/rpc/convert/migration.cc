#include "common/rpc/convert/migration.h"

namespace shardkeeper::rpc::convert {

static_assert(pb::MIGRATION_ENGINE_KEYS == static_cast<int>(MigrationEngine::kKeys) + 1);
static_assert(pb::MIGRATION_STAGE_CANCELLED == static_cast<int>(MigrationProgress::Stage::kCancelled) + 1);

namespace {

using Empty = Reader::Empty;

}  // namespace

void to_proto(const MigrationJob& job, pb::MigrationJob& out) {
  out.set_id(job.id);
  to_proto(job.slots, *out.mutable_slots());
  out.set_target_pod(job.target_pod.value);
  out.set_target_agent(job.target_agent);
  out.set_target_node_id(job.target_node.str());
  to_proto(job.target_server, *out.mutable_target_server());
  out.set_engine(to_wire<pb::MigrationEngine>(job.engine));
  out.set_bytes_per_second(job.bytes_per_second);
}

MigrationJob read_job(Reader& read, const pb::MigrationJob& in) {
  MigrationJob job{.id = read.text("job.id", in.id(), Empty::kRefused, kNameBytesMax),
                   .slots = read.slots("job.slots", in.slots()),
                   .target_pod = PodName(read.text("job.target_pod", in.target_pod(), Empty::kRefused, kNameBytesMax)),
                   .target_agent = read.text("job.target_agent", in.target_agent(), Empty::kRefused, kNameBytesMax),
                   .target_node = read.id("job.target_node_id", in.target_node_id()),
                   .target_server = read.endpoint("job.target_server", in.target_server()),
                   .engine = read.enumerator("job.engine", in.engine(), MigrationEngine::kKeys),
                   .bytes_per_second = in.bytes_per_second()};
  if (job.slots.empty()) read.fail("job.slots", "none are named");
  if (job.target_server.ip.empty() || job.target_server.port == 0) read.fail("job.target_server", "has no address or no port");
  return job;
}

void to_proto(const MigrationProgress& progress, pb::MigrationProgress& out) {
  out.set_job(progress.job);
  out.set_target_node_id(progress.target_node.str());
  to_proto(progress.slots, *out.mutable_slots());
  out.set_engine(to_wire<pb::MigrationEngine>(progress.engine));
  out.set_stage(to_wire<pb::MigrationStage>(progress.stage));
  to_proto(progress.slots_done, *out.mutable_slots_done());
  out.set_keys_total(progress.keys_total);
  out.set_keys_done(progress.keys_done);
  out.set_bytes_done(progress.bytes_done);
  out.set_bytes_per_second(progress.bytes_per_second);
  out.set_is_cancelled(progress.is_cancelled);
  out.set_is_handing_over(progress.is_handing_over);
  out.set_error(to_wire_text(progress.error));
}

MigrationProgress read_progress(Reader& read, const pb::MigrationProgress& in) {
  return {.job = read.text("migration.job", in.job(), Empty::kRefused, kNameBytesMax),
          .target_node = read.id("migration.target_node_id", in.target_node_id()),
          .slots = read.slots("migration.slots", in.slots()),
          .engine = read.enumerator("migration.engine", in.engine(), MigrationEngine::kKeys),
          .stage = read.enumerator("migration.stage", in.stage(), MigrationProgress::Stage::kCancelled),
          .slots_done = read.slots("migration.slots_done", in.slots_done()),
          .keys_total = in.keys_total(),
          .keys_done = in.keys_done(),
          .bytes_done = in.bytes_done(),
          .bytes_per_second = in.bytes_per_second(),
          .is_cancelled = in.is_cancelled(),
          .is_handing_over = in.is_handing_over(),
          .error = read.text("migration.error", in.error(), Empty::kAllowed)};
}

}  // namespace shardkeeper::rpc::convert
