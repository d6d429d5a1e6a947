#include "agent/migrate/atomic_engine.h"

#include "agent/migrate/keys_engine.h"
#include "agent/migrate/move_budget.h"
#include "common/valkey/error_map.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::agent {
namespace {

using Stage = MigrationProgress::Stage;
using valkey::Reply;

constexpr std::uint64_t kPartKeysMax = 100'000;
constexpr std::uint64_t kLimitedPartSeconds = 2;
constexpr std::chrono::milliseconds kPollEvery{20};
constexpr std::chrono::milliseconds kPollAgainAfter{300};  // the server did not answer
constexpr std::chrono::seconds kSilentMax{30};             // then its word will not come
constexpr std::chrono::seconds kListedWithin{2};           // what was sent on a connection that was lost may be read a little later
constexpr std::chrono::milliseconds kMeasureEvery{200};
constexpr int kVerifyTriesMax = 100;  // 20 ms apart
// A writer that never lets up keeps the server from its last step; so long it may stay in one state, then the job is called off.
constexpr std::chrono::seconds kStallMax{60};
constexpr std::string_view kWaitsForWriters = "waiting-to-pause";

}  // namespace

std::unique_ptr<AtomicEngine> AtomicEngine::following(const MigrationJob& job, EngineParts parts, const std::string& name) {
  auto engine = std::make_unique<AtomicEngine>(job, std::move(parts));
  engine->is_found_ = true;
  engine->name_ = name;
  engine->part_ = job.slots;
  return engine;
}

void AtomicEngine::start() {
  parts_.servers.want(1, [this, alive = alive_.watch()](const Result<void>& stands) {
    if (alive.expired()) return;
    if (!stands) return end(Stage::kFailed, to_string(stands.error()));
    is_found_ ? count_found() : look();
  });
}

// Sent by the next look at the list, 20 ms from here; a pause ends now.
void AtomicEngine::cancel() {
  parts_.progress.is_cancelled = must_cancel_ = true;
  if (std::exchange(is_pausing_, false)) later_ = parts_.scheduler.after(Duration(0), [this] { request(); });
}

// It ends every export of this node; there is but ours, and the list tells how ours ended. Not during the last step: the target may own the
// slots already, and a source that goes on writing then loses what it writes.
void AtomicEngine::send_cancel() {
  must_cancel_ = false;
  parts_.servers.port(0).call({"CLUSTER", "CANCELSLOTMIGRATIONS"}, [this, alive = alive_.watch()](const Result<Reply>& reply) {
    if (!alive.expired() && !reply) must_cancel_ = true;
  });
}

void AtomicEngine::ask(std::vector<std::string> call, std::function<void(Reply)> then) {
  const std::string name = call[0] + " " + call[1];
  parts_.servers.port(0).call(std::move(call), [this, name, then = std::move(then), alive = alive_.watch()](Result<Reply> reply) {
    if (alive.expired()) return;
    reply = valkey::refuse_error_reply(name, std::move(reply));
    if (!reply) return end(Stage::kFailed, to_string(reply.error()));
    then(*std::move(reply));
  });
}

void AtomicEngine::list(std::function<void(std::vector<SlotMigration>)> then) {
  ask({"CLUSTER", "GETSLOTMIGRATIONS"}, [this, then = std::move(then)](const Reply& reply) {
    auto migrations = read_slot_migrations(reply);
    if (!migrations) return end(Stage::kFailed, to_string(migrations.error()));
    then(*std::move(migrations));
  });
}

void AtomicEngine::look_later(std::function<void()> then) { later_ = parts_.scheduler.after(kPollEvery, std::move(then)); }

void AtomicEngine::look() {
  ask({"CLUSTER", "NODES"}, [this](const Reply& reply) {
    const auto nodes = valkey::parse::parse_cluster_nodes(reply.text);
    if (!nodes || nodes->myself() == nullptr) return end(Stage::kFailed, "CLUSTER NODES cannot be read");
    const auto view = read_source(job_, *nodes);
    if (!view) return end(Stage::kFailed, view.error().detail);
    // The server refuses as well, with fewer words.
    if (!nodes->open_slots.empty())
      return end(Stage::kFailed,
                 "slot " + std::to_string(nodes->open_slots.front().slot) +
                     " of this node is half moved, which keeps the server from atomic migrations; finish it with the keys engine");
    parts_.progress.slots_done = view->moved;
    todo_ = view->todo;
    count();
  });
}

void AtomicEngine::count() {
  if (todo_.empty()) return verify(kVerifyTriesMax);
  count_keys(parts_.servers.port(0), todo_, alive_, [this](Result<SlotCounts> counts) {
    if (!counts) return end(Stage::kFailed, to_string(counts.error()));
    counts_ = *std::move(counts);
    parts_.progress.keys_total = total_of(counts_);
    request();
  });
}

// There is no plan to compare it with: its size is told where it can be read, and it is followed in any case.
void AtomicEngine::count_found() {
  count_keys(parts_.servers.port(0), part_, alive_, [this](Result<SlotCounts> counts) {
    if (counts) counts_ = *std::move(counts);
    parts_.progress.keys_total = total_of(counts_);
    follow_part();
  });
}

void AtomicEngine::follow_part() {
  sample([this](const ExportSample& now) {
    begin_part(now);
    follow();
  });
}

void AtomicEngine::begin_part(const ExportSample& now) {
  part_began_ = parts_.scheduler.now();
  bytes_before_part_ = meter_.bytes_done();
  meter_.begin_part(keys_of_part(), now);
}

void AtomicEngine::request() {
  parts_.changed();
  if (todo_.empty()) return end(Stage::kDone, "");
  if (parts_.progress.is_cancelled) return end(Stage::kCancelled, "");
  list([this](const std::vector<SlotMigration>& migrations) { look_at_earlier(migrations); });
}

void AtomicEngine::look_at_earlier(const std::vector<SlotMigration>& list) {
  earlier_.clear();
  for (const auto& migration : list) earlier_.insert(migration.name);
  const auto runs = [](const SlotMigration& m) { return m.operation == SlotMigration::Operation::kExport && !m.is_over(); };
  const auto running = std::ranges::find_if(list, runs);
  if (running == list.end()) return sample([this](const ExportSample& now) { send_request(now); });
  if (running->target != job_.target_node || !running->slots.without(todo_).empty())
    return end(Stage::kFailed, "the server is at another migration, of slots " + to_string(running->slots) + "; it is left to end");
  part_ = running->slots;
  name_ = running->name;
  follow_part();
}

std::uint64_t AtomicEngine::keys_of_next_part(const ExportSample& now) const {
  const std::uint64_t key_bytes = now.keys == 0 ? 0 : now.dataset_bytes / now.keys;
  const std::uint64_t limit = parts_.progress.bytes_per_second;
  if (limit == 0 || key_bytes == 0) return kPartKeysMax;
  return std::clamp<std::uint64_t>(limit * kLimitedPartSeconds / key_bytes, 1, kPartKeysMax);
}

void AtomicEngine::send_request(const ExportSample& now) {
  part_ = first_slots(todo_, counts_, kSlotCount, keys_of_next_part(now));
  begin_part(now);
  std::vector<std::string> call{"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE"};
  for (const auto& range : part_.ranges()) call.insert(call.end(), {std::to_string(range.first), std::to_string(range.last)});
  call.insert(call.end(), {"NODE", job_.target_node.str()});
  parts_.servers.port(0).call(std::move(call), [this, alive = alive_.watch()](Result<Reply> reply) {
    if (alive.expired()) return;
    const bool was_sent = reply || reply.error().kind != ErrorKind::kUnavailable;
    const bool is_answered = reply.has_value();
    reply = valkey::refuse_error_reply("CLUSTER MIGRATESLOTS", std::move(reply));
    if (!reply && (is_answered || !was_sent)) return end(Stage::kFailed, to_string(reply.error()));
    unsure_.reset();
    unlisted_.reset();
    if (!reply) unsure_ = reply.error();
    follow();
  });
}

// A server that forks answers late; its silence ends nothing.
void AtomicEngine::follow() {
  parts_.servers.port(0).call({"CLUSTER", "GETSLOTMIGRATIONS"}, [this, alive = alive_.watch()](Result<Reply> reply) {
    if (alive.expired()) return;
    reply = valkey::refuse_error_reply("CLUSTER GETSLOTMIGRATIONS", std::move(reply));
    if (!reply) return on_silence(reply.error());
    const auto migrations = read_slot_migrations(*reply);
    if (!migrations) return end(Stage::kFailed, to_string(migrations.error()));
    silent_since_.reset();
    on_list(*migrations);
  });
}

void AtomicEngine::on_silence(const Error& error) {
  const TimePoint now = parts_.scheduler.now();
  if (!silent_since_) silent_since_ = now;
  if (now - *silent_since_ >= kSilentMax) return end(Stage::kFailed, to_string(error));
  later_ = parts_.scheduler.after(kPollAgainAfter, [this] { follow(); });
}

void AtomicEngine::on_list(const std::vector<SlotMigration>& list) {
  const auto is_ours = [this](const SlotMigration& migration) {
    if (migration.operation != SlotMigration::Operation::kExport) return false;
    if (!name_.empty()) return migration.name == name_;
    return !earlier_.contains(migration.name) && migration.target == job_.target_node && migration.slots == part_;
  };
  const auto ours = std::ranges::find_if(list, is_ours);
  if (ours == list.end()) return on_not_listed();
  name_ = ours->name;
  if (ours->is_over()) return on_over(*ours);
  if (must_cancel_ && !ours->is_handing_over()) send_cancel();
  parts_.progress.is_handing_over = ours->is_handing_over();
  parts_.changed();
  watch_stall(*ours);
  measure(*ours);
}

void AtomicEngine::on_not_listed() {
  if (!unsure_ || !name_.empty()) return end(Stage::kFailed, "the server does not list the migration any more; it may have been restarted");
  const TimePoint now = parts_.scheduler.now();
  if (!unlisted_) unlisted_ = now;
  if (now - *unlisted_ < kListedWithin) return look_later([this] { follow(); });
  verify(0);
}

// While the server hands over it has better to do, and it is soon done.
void AtomicEngine::measure(const SlotMigration& migration) {
  const TimePoint now = parts_.scheduler.now();
  if (migration.is_handing_over() || now - measured_at_ < kMeasureEvery) return look_later([this] { follow(); });
  measured_at_ = now;
  const auto left = migration.has_sent_snapshot() ? migration.waiting_bytes : std::nullopt;
  sample([this, left](const ExportSample& sampled) {
    meter_.see(sampled, left);
    note_meter();
    look_later([this] { follow(); });
  });
}

// Numbers for people: a server that does not tell them is no reason to end anything.
void AtomicEngine::sample(std::function<void(ExportSample)> then) {
  parts_.servers.port(0).call(
      {"INFO", "memory", "stats", "keyspace"}, [then = std::move(then), alive = alive_.watch()](const Result<Reply>& reply) {
        if (alive.expired()) return;
        const auto read = reply && !reply->is_error() ? read_export_sample(reply->text) : Result<ExportSample>(ExportSample{});
        then(read ? *read : ExportSample{});
      });
}

void AtomicEngine::note_meter() {
  parts_.progress.keys_done = meter_.keys_done();
  parts_.progress.bytes_done = meter_.bytes_done();
  parts_.changed();
}

std::uint64_t AtomicEngine::keys_of_part() const {
  std::uint64_t keys = 0;
  for (const auto& range : part_.ranges())
    for (int slot = range.first; slot <= range.last; ++slot) keys += keys_in(counts_, slot);
  return keys;
}

void AtomicEngine::watch_stall(const SlotMigration& migration) {
  const TimePoint now = parts_.scheduler.now();
  if (migration.state != stalled_in_) {
    stalled_in_ = migration.state;
    stalled_since_ = now;
  }
  if (stalled_in_ != kWaitsForWriters || now - stalled_since_ < kStallMax || !why_cancelled_.empty()) return;
  why_cancelled_ =
      "called off: clients wrote for a minute without a pause that the last step could use; move fewer slots at once, or raise "
      "slot-migration-max-failover-repl-bytes";
  must_cancel_ = true;
}

void AtomicEngine::on_over(const SlotMigration& migration) {
  name_.clear();
  unsure_.reset();
  must_cancel_ = false;
  parts_.progress.is_handing_over = false;
  if (migration.state == "success")
    return sample([this](const ExportSample& sampled) {
      meter_.see(sampled, 0);
      verify(kVerifyTriesMax);
    });
  if (!why_cancelled_.empty()) return end(Stage::kFailed, why_cancelled_);
  if (migration.state == "cancelled" && parts_.progress.is_cancelled) return end(Stage::kCancelled, "");
  // Tried again later, like any failure: at once would be against the will of whoever did it.
  if (migration.state == "cancelled") return end(Stage::kFailed, "somebody cancelled it at the server (CLUSTER CANCELSLOTMIGRATIONS)");
  end(Stage::kFailed, migration.message.empty() ? "the server gives no reason" : migration.message);
}

void AtomicEngine::verify(int tries_left) {
  if (!is_found_)
    return target_.sample([this, tries_left](const Result<NodeState>& target) {
      if (!target) return end(Stage::kFailed, "the target cannot say that it owns the slots: " + to_string(target.error()));
      check_owned(target->slots, tries_left);
    });
  ask({"CLUSTER", "NODES"}, [this, tries_left](const Reply& reply) {
    const auto nodes = valkey::parse::parse_cluster_nodes(reply.text);
    const NodeRow* const target = nodes ? nodes->view.find(job_.target_node) : nullptr;
    check_owned(target != nullptr ? target->slots : SlotSet(), tries_left);
  });
}

void AtomicEngine::check_owned(const SlotSet& target_slots, int tries_left) {
  const SlotSet wanted = part_.empty() ? job_.slots : part_;
  const SlotSet missing = wanted.without(target_slots);
  parts_.progress.slots_done = job_.slots.common_with(target_slots);
  if (!missing.empty() && tries_left > 0) return look_later([this, tries_left] { verify(tries_left - 1); });
  if (!missing.empty())
    return end(Stage::kFailed,
               unsure_ ? "it was not begun: " + to_string(*unsure_) : "the target does not own slots " + to_string(missing) + " after all");
  if (!part_.empty()) {
    meter_.end_part();
    note_meter();
  }
  todo_ = todo_.without(part_);
  pause_for_limit();
}

void AtomicEngine::throttle() {
  if (is_pausing_) pause_for_limit();
}

void AtomicEngine::pause_for_limit() {
  const std::uint64_t bytes = meter_.bytes_done() - bytes_before_part_;
  const std::uint64_t limit = parts_.progress.bytes_per_second;
  is_pausing_ = false;
  if (limit == 0 || todo_.empty() || parts_.progress.is_cancelled) return request();
  is_pausing_ = true;
  later_ = parts_.scheduler.after(std::max(Duration(0), time_for(bytes, limit) - (parts_.scheduler.now() - part_began_)), [this] {
    is_pausing_ = false;
    request();
  });
}

}  // namespace shardkeeper::agent
