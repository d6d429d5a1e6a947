#include "agent/core/watchers.h"

#include <algorithm>
#include <vector>

namespace shardkeeper::agent {
namespace {

// A hundred bytes a row: as much as the rest of a state.
constexpr std::size_t kRowsUnasked = 8;
// While nodes are being made each sees a table of its own, so each would be asked for.
constexpr std::size_t kRowsUnaskedWhileMade = 128;

std::size_t rows_unasked(const NodeState& state) { return state.readiness.is_ready() ? kRowsUnasked : kRowsUnaskedWhileMade; }

}  // namespace

void Watchers::open(std::uint64_t stream, rpc::AgentHandler::Push push) {
  Stream& opened = streams_[stream];
  opened = Stream{};
  opened.push = std::move(push);
  schedule_flush();
}

void Watchers::set_node_timeout(std::uint64_t stream, std::chrono::milliseconds node_timeout) {
  if (Stream* found = find(stream); found != nullptr && node_timeout.count() > 0) found->node_timeout = node_timeout;
}

void Watchers::heard(std::uint64_t stream) {
  Stream* found = find(stream);
  if (found == nullptr || found->is_due) return;
  // What was said a moment ago is answer enough.
  if (scheduler_.now() - found->last_said >= rpc::beat_interval(found->node_timeout) / 2) say_beat(stream, *found);
}

void Watchers::want_view(std::uint64_t stream) {
  Stream* found = find(stream);
  if (found == nullptr) return;
  found->wants_view = true;
  found->is_due = true;
  schedule_flush();
}

void Watchers::want_report(std::uint64_t stream, std::uint64_t nonce, std::uint64_t round) {
  Stream* found = find(stream);
  if (found == nullptr) return;
  found->nonce_wanted = std::max(found->nonce_wanted, nonce);
  found->round_wanted = round;
}

void Watchers::state_changed() {
  for (auto& [id, stream] : streams_) stream.is_due = true;
  schedule_flush();
}

void Watchers::counters_changed(Duration every) {
  const TimePoint now = scheduler_.now();
  for (auto& [id, stream] : streams_)
    if (now - stream.last_state >= every) stream.is_due = true;
  schedule_flush();
}

void Watchers::round_read(std::uint64_t round) {
  for (auto& [id, stream] : streams_) {
    if (stream.nonce_answered == stream.nonce_wanted || stream.round_wanted > round) continue;
    stream.nonce_answered = stream.nonce_wanted;
    stream.is_due = true;
  }
  schedule_flush();
}

void Watchers::nothing_to_ask() { round_read(~std::uint64_t{0}); }

bool Watchers::waits_for_report() const {
  return std::ranges::any_of(streams_, [](const auto& entry) { return entry.second.nonce_answered != entry.second.nonce_wanted; });
}

Watchers::Stream* Watchers::find(std::uint64_t stream) {
  const auto it = streams_.find(stream);
  return it != streams_.end() ? &it->second : nullptr;
}

void Watchers::schedule_flush() {
  const bool somebody_is_due = std::ranges::any_of(streams_, [](const auto& entry) { return entry.second.is_due; });
  if (flush_is_scheduled_ || !somebody_is_due) return;
  flush_is_scheduled_ = true;
  scheduler_.post([this, alive = alive_.watch()] {
    if (!alive.expired()) flush();
  });
}

void Watchers::flush() {
  flush_is_scheduled_ = false;
  std::vector<std::uint64_t> due;  // a push may close streams
  for (const auto& [id, stream] : streams_)
    if (stream.is_due) due.push_back(id);
  for (const auto id : due)
    if (Stream* stream = find(id)) send(id, *stream);
}

void Watchers::send(std::uint64_t id, Stream& stream) {
  NodeState state = source_.state();
  state.nonce = stream.nonce_answered;
  const TopologyView* view = source_.view();
  const bool is_small_news = view != nullptr && view->rows.size() <= rows_unasked(state) && state.view_hash != stream.view_hash_sent;
  if (view != nullptr && (stream.wants_view || is_small_news)) {
    state.view = *view;
    stream.wants_view = false;
    stream.view_hash_sent = state.view_hash;
  }
  stream.is_due = false;
  stream.last_state = scheduler_.now();
  arm_beat(id, stream);
  const auto push = stream.push;  // the stream may be closed inside
  push(&state);
}

void Watchers::say_beat(std::uint64_t id, Stream& stream) {
  const auto push = stream.push;  // the stream may be closed inside
  arm_beat(id, stream);
  push(nullptr);
}

// Half an interval for the coordinator's beat to arrive late, then without it.
void Watchers::arm_beat(std::uint64_t id, Stream& stream) {
  stream.last_said = scheduler_.now();
  stream.beat = scheduler_.after(rpc::beat_interval(stream.node_timeout) * 3 / 2, [this, id] {
    if (Stream* found = find(id)) say_beat(id, *found);
  });
}

}  // namespace shardkeeper::agent
