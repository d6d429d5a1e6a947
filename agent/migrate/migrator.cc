#include "agent/migrate/migrator.h"

#include "agent/migrate/atomic_engine.h"
#include "agent/migrate/keys_engine.h"
#include "common/log/log.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::agent {
namespace {

using Stage = MigrationProgress::Stage;

constexpr std::chrono::milliseconds kTellEvery{200};
constexpr int kClearLooksMax = 3;
const command::Outcome kAlreadySo{true, std::nullopt};

Error job_denied(const MigrationJob& job, const std::string& reason) { return refused("migration " + job.id, reason); }

bool has_atomic_migration(const NodeState& state) { return state.version && state.version->at_least(9, 0); }

}  // namespace

void Migrator::start(const MigrationJob& job, const Done& done) {
  if (progress_ && progress_->job == job.id) return done(kAlreadySo);
  if (is_busy()) return done(job_denied(job, "job " + progress_->job + " runs; one at a time moves slots away from a node"));
  if (const auto checked = check(job); !checked) return done(checked.error());
  progress_ = MigrationProgress{
      .job = job.id, .target_node = job.target_node, .slots = job.slots, .engine = job.engine, .bytes_per_second = job.bytes_per_second};
  log::info(
      "slot migration started",
      {{"job", job.id}, {"target", job.target_pod.value}, {"engine", std::string(to_string(job.engine))}, {"slots", to_string(job.slots)}});
  if (job.engine == MigrationEngine::kAtomic)
    begin(std::make_unique<AtomicEngine>(job, parts()));
  else
    begin(std::make_unique<KeysEngine>(job, parts()));
  done(command::Outcome{});
}

Result<void> Migrator::check(const MigrationJob& job) const {
  const NodeState& state = node_.newest();
  if (job.slots.empty()) return job_denied(job, "no slots are named");
  if (state.condition != ServerCondition::kUp || !state.node_id)
    return unavailable("migration " + job.id, "the server is " + std::string(to_string(state.condition)));
  if (state.role != Role::kPrimary) return job_denied(job, "this node is a replica; its primary moves the slots");
  if (job.target_node == *state.node_id) return job_denied(job, "source and target are the same node");
  if (job.engine == MigrationEngine::kAtomic && !has_atomic_migration(state))
    return job_denied(job, "this server is older than 9.0 and has no atomic slot migration; use the keys engine");
  return {};
}

EngineParts Migrator::parts() {
  const NodeState& state = node_.newest();
  return {.scheduler = scheduler_,
          .servers = servers_,
          .slots = slots_,
          .calls = calls_,
          .open_relay = &open_relay_,
          .self = *state.node_id,
          .version = state.version,
          .node_timeout = state.node_timeout,
          .replication = config_.replication,
          .progress = *progress_,
          .changed = [this] { note_progress(); },
          .ended =
              [this, job = ++jobs_](Stage stage, const std::string& error) {
                if (job == jobs_) ended(stage, error);
              }};
}

void Migrator::begin(std::unique_ptr<Engine> engine) {
  engine_ = std::move(engine);
  servers_.hold();
  engine_->start();
  node_.changed();
}

bool Migrator::runs(const std::string& job, const Done& done) const {
  if (is_busy() && progress_->job == job) return true;
  if (is_busy())
    done(refused("migration " + job, "another one runs: " + progress_->job));
  else
    done(kAlreadySo);
  return false;
}

void Migrator::cancel(const std::string& job, const Done& done) {
  if (!runs(job, done)) return;
  if (progress_->is_cancelled) return done(kAlreadySo);
  engine_->cancel();
  node_.changed();
  done(command::Outcome{});
}

void Migrator::throttle(const command::ThrottleMigration& wanted, const Done& done) {
  if (!runs(wanted.job, done)) return;
  if (progress_->bytes_per_second == wanted.bytes_per_second) return done(kAlreadySo);
  progress_->bytes_per_second = wanted.bytes_per_second;
  engine_->throttle();
  node_.changed();
  done(command::Outcome{});
}

void Migrator::look() {
  const NodeState& state = node_.newest();
  if (is_busy() && state.condition == ServerCondition::kUp && state.role == Role::kReplica)
    return ended(Stage::kFailed, "this node became a replica; a new job at its primary goes on with what is left");
  if (has_looked_for_old_ || state.condition != ServerCondition::kUp || !server_.is_connected()) return;
  has_looked_for_old_ = true;
  if (state.role == Role::kPrimary && has_atomic_migration(state) && !is_busy()) find();
}

void Migrator::find() {
  server_.call({"CLUSTER", "GETSLOTMIGRATIONS"}, [this, alive = alive_.watch()](const Result<valkey::Reply>& reply) {
    if (alive.expired() || !reply || is_busy()) return;
    const auto list = read_slot_migrations(*reply);
    if (!list) return;
    const auto runs = [](const SlotMigration& m) {
      return m.operation == SlotMigration::Operation::kExport && !m.is_over() && m.target && !m.slots.empty();
    };
    const auto found = std::ranges::find_if(*list, runs);
    if (found != list->end()) on_found(*found);
  });
}

void Migrator::on_found(const SlotMigration& found) {
  const MigrationJob job{
      .id = "found-" + found.name.substr(0, 8), .slots = found.slots, .target_node = *found.target, .engine = MigrationEngine::kAtomic};
  progress_ = MigrationProgress{.job = job.id, .target_node = job.target_node, .slots = job.slots, .engine = job.engine};
  log::info("slot migration found under way", {{"job", job.id}, {"slots", to_string(job.slots)}});
  begin(AtomicEngine::following(job, parts(), found.name));
}

void Migrator::clear_for_failover(std::function<void(Result<void>)> then) {
  const NodeState& state = node_.newest();
  if (state.condition != ServerCondition::kUp || !has_atomic_migration(state)) return then({});
  if (is_busy() && progress_->engine == MigrationEngine::kAtomic) engine_->cancel();  // no further part
  clear_for_failover(kClearLooksMax, std::move(then));
}

void Migrator::clear_for_failover(int looks_left, std::function<void(Result<void>)> then) {
  server_.call({"CLUSTER", "GETSLOTMIGRATIONS"},
               [this, looks_left, then = std::move(then), alive = alive_.watch()](const Result<valkey::Reply>& reply) {
                 if (alive.expired()) return;
                 if (!reply) return then(reply.error());
                 const auto list = read_slot_migrations(*reply);
                 if (!list) return then({});  // a server that does not list them, or not to us, has none that we began
                 const auto last_step = std::ranges::find_if(*list, [](const SlotMigration& m) { return m.is_handing_over(); });
                 if (last_step != list->end())
                   return then(conflict("failover", "slots " + to_string(last_step->slots) + " change their owner at this moment"));
                 const bool gives = std::ranges::any_of(
                     *list, [](const SlotMigration& m) { return m.operation == SlotMigration::Operation::kExport && !m.is_over(); });
                 if (!gives) return then({});
                 if (looks_left == 0) return then(conflict("failover", "a slot migration does not let itself be called off"));
                 server_.call({"CLUSTER", "CANCELSLOTMIGRATIONS"}, [](const Result<valkey::Reply>&) {});
                 clear_for_failover(looks_left - 1, then);
               });
}

void Migrator::process_ended() {
  has_looked_for_old_ = true;  // a server that starts has none
  if (is_busy()) ended(Stage::kFailed, "the server of the source ended");
}

void Migrator::note_progress() {
  if (progress_->is_handing_over != told_handing_over_) {
    told_handing_over_ = progress_->is_handing_over;
    return node_.changed();
  }
  if (tell_later_) return;
  tell_later_ = scheduler_.after(kTellEvery, [this] {
    tell_later_.reset();
    node_.changed();
  });
}

// Called by the engine as the last thing it does, so it is destroyed later.
void Migrator::ended(Stage stage, const std::string& error) {
  if (!engine_) return;
  progress_->stage = stage;
  progress_->error = error;
  told_handing_over_ = progress_->is_handing_over;  // stays set where the end of its process cut the job off
  counters_.slots += static_cast<std::uint64_t>(progress_->slots_done.count());
  counters_.keys += progress_->keys_done;
  counters_.bytes += progress_->bytes_done;
  ++(stage == Stage::kDone ? counters_.jobs_done : stage == Stage::kFailed ? counters_.jobs_failed : counters_.jobs_cancelled);
  const auto tell = stage == Stage::kFailed ? log::warn : log::info;
  tell("slot migration ended", {{"job", progress_->job},
                                {"stage", std::string(to_string(stage))},
                                {"slots_done", std::to_string(progress_->slots_done.count())},
                                {"of", std::to_string(progress_->slots.count())},
                                {"keys", std::to_string(progress_->keys_done)},
                                {"error", error}});
  const std::shared_ptr<Engine> finished = std::move(engine_);
  servers_.release();
  scheduler_.post([finished] {});
  node_.changed();
}

}  // namespace shardkeeper::agent
