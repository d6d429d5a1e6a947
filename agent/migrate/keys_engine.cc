#include "agent/migrate/keys_engine.h"

#include "agent/migrate/slot_setter.h"
#include "common/valkey/error_map.h"

#include <utility>

namespace shardkeeper::agent {
namespace {

using Mode = command::SetSlots::Mode;
using Stage = MigrationProgress::Stage;
using valkey::parse::ClusterNodes;

// Enough that the few round trips of a window do not count, few enough that clients see few slots open.
constexpr int kWindowSlotsMax = 256;
constexpr std::uint64_t kWindowKeysMax = 50'000;
constexpr int kCloseTriesMax = 4;
constexpr ServerVersion kNewDumpsSince{9, 0, 0};  // older_dump.h

// After a failover the old name of the target's shard may still stand in the flag; keys went to its member that is primary now.
bool may_hold_keys(const ClusterNodes& nodes, const NodeId& id) {
  const NodeRow* const row = nodes.view.find(id);
  return row != nullptr && row->role == Role::kPrimary && !row->is_failed && !row->has_no_address;
}

Error denied(const MigrationJob& job, const std::string& reason) { return refused("migration " + job.id, reason); }

}  // namespace

Result<SourceView> read_source(const MigrationJob& job, const ClusterNodes& nodes) {
  const NodeRow& self = *nodes.myself();
  if (self.role != Role::kPrimary) return denied(job, "this node is a replica");
  const NodeRow* const target = nodes.view.find(job.target_node);
  if (target == nullptr) return Error{ErrorKind::kUnavailable, "migration " + job.id, "this node has not heard of the target yet"};
  if (target->role != Role::kPrimary) return denied(job, "the target " + job.target_pod.value + " is a replica");
  SourceView view{.moved = job.slots.common_with(target->slots), .todo = job.slots.common_with(self.slots)};
  const SlotSet foreign = job.slots.without(view.moved).without(view.todo);
  if (!foreign.empty()) return denied(job, "slots " + to_string(foreign) + " are neither this node's nor the target's");
  for (const auto& open : nodes.open_slots) {
    if (!view.todo.contains(open.slot) || open.peer == job.target_node) continue;
    if (open.direction == OpenSlot::Direction::kMigrating && may_hold_keys(nodes, open.peer))
      return denied(job,
                    "slot " + std::to_string(open.slot) + " is half moved to node " + open.peer.short_form() + "; finish that move first");
  }
  return view;
}

void KeysEngine::start() {
  parts_.servers.want(1, [this, alive = alive_.watch()](const Result<void>& stands) {
    if (alive.expired()) return;
    if (!stands) return abandon(Stage::kFailed, to_string(stands.error()));
    look();
  });
}

void KeysEngine::cancel() {
  if (std::exchange(parts_.progress.is_cancelled, true)) return;
  patience_ = parts_.scheduler.after(command::kCancelPatience, [this] { mover_.stop(); });
}

void KeysEngine::look() {
  parts_.servers.port(0).call({"CLUSTER", "NODES"}, [this, alive = alive_.watch()](Result<valkey::Reply> reply) {
    if (alive.expired()) return;
    reply = valkey::refuse_error_reply("CLUSTER NODES", std::move(reply));
    if (!reply) return abandon(Stage::kFailed, to_string(reply.error()));
    const auto nodes = valkey::parse::parse_cluster_nodes(reply->text);
    if (!nodes || nodes->myself() == nullptr) return abandon(Stage::kFailed, "CLUSTER NODES cannot be read");
    const auto view = read_source(job_, *nodes);
    if (!view) return abandon(Stage::kFailed, view.error().detail);
    parts_.progress.slots_done = view->moved;
    for (const auto& open : nodes->open_slots)
      if (view->todo.contains(open.slot)) half_moved_.add(open.slot);
    ask_version(view->todo);
  });
}

void KeysEngine::ask_version(const SlotSet& todo) {
  if (todo.empty() || !parts_.version || *parts_.version < kNewDumpsSince) return count(todo);
  target_.sample([this, todo](const Result<NodeState>& target) {
    if (!target) return abandon(Stage::kFailed, "asking the target for its version: " + to_string(target.error()));
    if (target->version && *target->version < kNewDumpsSince) mover_.translate();
    count(todo);
  });
}

void KeysEngine::count(const SlotSet& todo) {
  todo_ = todo;
  if (todo_.empty()) return verify();
  count_keys(parts_.servers.port(0), todo_, alive_, [this](Result<SlotCounts> counts) {
    if (!counts) return abandon(Stage::kFailed, to_string(counts.error()));
    counts_ = *std::move(counts);
    parts_.progress.keys_total = total_of(counts_);
    next_window();
  });
}

void KeysEngine::next_window() {
  window_ = {};
  parts_.changed();
  if (is_cancelled() && !todo_.empty()) return abandon(Stage::kCancelled, left_.why);
  if (todo_.empty()) return left_.slots.empty() ? verify() : abandon(Stage::kFailed, left_.why);
  const SlotSet first = half_moved_.common_with(todo_);
  window_ = first_slots(first.empty() ? todo_ : first, counts_, kWindowSlotsMax, kWindowKeysMax);
  todo_ = todo_.without(window_);
  open_target();
}

void KeysEngine::open_target() {
  target_.set_slots(step(Mode::kImporting, parts_.self, parts_.self), [this](const Result<void>& set) {
    if (!set) return abandon(Stage::kFailed, "opening slots at the target: " + to_string(set.error()));
    open_source();
  });
}

void KeysEngine::open_source() {
  parts_.slots.set(step(Mode::kMigrating, job_.target_node), [this, alive = alive_.watch()](const Result<command::Outcome>& set) {
    if (alive.expired()) return;
    if (!set) return abandon(Stage::kFailed, "opening slots at the source: " + to_string(set.error()));
    move_keys();
  });
}

void KeysEngine::move_keys() {
  if (is_cancelled() && !window_.overlaps(half_moved_)) return abandon(Stage::kCancelled, "");
  mover_.move(window_, [this](const Result<KeyMover::Stuck>& moved) {
    if (!moved) return abandon(is_cancelled() ? Stage::kCancelled : Stage::kFailed, is_cancelled() ? "" : moved.error().detail);
    leave(*moved);
    if (window_.empty()) return next_window();
    close_target();
  });
}

// One bad key holds up its own slot only. But many of them are no chance.
void KeysEngine::leave(const KeyMover::Stuck& stuck) {
  if (left_.why.empty()) left_.why = stuck.why;
  left_.slots = left_.slots.united(stuck.slots);
  window_ = window_.without(stuck.slots);
  if (left_.slots.count() > KeyMover::kStuckSlotsMax) todo_ = {};
}

void KeysEngine::close_target() {
  target_.set_slots(give(window_), [this](const Result<void>& set) {
    if (!set) return abandon(Stage::kFailed, "giving slots to the target: " + to_string(set.error()));
    parts_.progress.slots_done = parts_.progress.slots_done.united(window_);
    close_source(kCloseTriesMax);
  });
}

// The target owns them: whatever happens here, nothing is lost. But a flag that stays would be in the way of later moves.
void KeysEngine::close_source(int tries_left) {
  parts_.slots.set(give(window_), [this, tries_left, alive = alive_.watch()](const Result<command::Outcome>& set) {
    if (alive.expired()) return;
    if (set) return next_window();
    if (tries_left == 0) return abandon(Stage::kFailed, "closing slots at the source: " + to_string(set.error()));
    later_ = parts_.scheduler.after(std::chrono::milliseconds(300), [this, tries_left] { close_source(tries_left - 1); });
  });
}

void KeysEngine::verify() {
  target_.sample([this](const Result<NodeState>& target) {
    if (!target) return abandon(Stage::kFailed, "the target cannot say that it owns the slots: " + to_string(target.error()));
    const SlotSet missing = job_.slots.without(target->slots);
    parts_.progress.slots_done = job_.slots.common_with(target->slots);
    if (!missing.empty()) return abandon(Stage::kFailed, "the target does not own slots " + to_string(missing) + " after all");
    stage_ = Stage::kDone;
    end();
  });
}

void KeysEngine::abandon(Stage stage, const std::string& error) {
  stage_ = stage;
  error_ = error;
  window_ = window_.united(left_.slots);
  if (window_.empty()) return end();
  abandon_at_target();
}

void KeysEngine::abandon_at_target() {
  // Refused where the target holds keys; its table says of which slots.
  target_.set_slots(step(Mode::kStable, parts_.self), [this](const Result<void>&) {
    target_.sample([this](const Result<NodeState>& target) { abandon_at_source(target); });
  });
}

void KeysEngine::abandon_at_source(const Result<NodeState>& target) {
  SlotSet half_moved = window_;  // as long as nobody says otherwise
  if (target) {
    const SlotSet owned = window_.common_with(target->slots);
    parts_.progress.slots_done = parts_.progress.slots_done.united(owned);
    SlotSet importing;
    for (const auto& open : target->open_slots) importing.add(open.slot);
    half_moved = window_.common_with(importing).without(owned);
  }
  if (!half_moved.empty()) add_to_error("slots " + to_string(half_moved) + " are left half moved");
  const SlotSet owned = window_.common_with(parts_.progress.slots_done);
  const SlotSet stable = window_.without(half_moved).without(owned);
  set_at_source(give(owned), [this, stable] { set_at_source({stable, Mode::kStable, job_.target_node, std::nullopt}, [this] { end(); }); });
}

void KeysEngine::set_at_source(const command::SetSlots& step, std::function<void()> then) {
  if (step.slots.empty()) return then();
  parts_.slots.set(step, [this, slots = step.slots, then = std::move(then), alive = alive_.watch()](const Result<command::Outcome>& set) {
    if (alive.expired()) return;
    if (!set) add_to_error("slots " + to_string(slots) + " are left open at the source: " + to_string(set.error()));
    then();
  });
}

void KeysEngine::add_to_error(const std::string& text) { error_ += (error_.empty() ? "" : "; ") + text; }

void KeysEngine::end() { parts_.ended(stage_, error_); }

}  // namespace shardkeeper::agent
