#include "agent/core/server_memory.h"

namespace shardkeeper::agent {
namespace {

// Replicas acknowledge once a second (replicationCron).
constexpr Duration kStreamsAfter = std::chrono::milliseconds(1100);

void note_since(std::optional<TimePoint>& since, TimePoint now, bool is_so) {
  if (!is_so)
    since.reset();
  else if (!since)
    since = now;
}

}  // namespace

void ServerMemory::forget() { *this = ServerMemory(std::nullopt); }

void ServerMemory::learn(Round round, TimePoint now) {
  const bool is_full = round.detail.has_value();
  // A process that was replaced between two looks at the lock.
  if (is_full && detail() != nullptr && detail()->run_id != round.detail->run_id) forget();

  const Look look{!round_, is_full};
  if (!is_full && round_) round.detail = std::move(round_->detail);
  round_ = std::move(round);
  last_answer_ = now;
  if (is_full) {
    last_full_ = now;
    view_hash_ = agreement_hash(round_->detail->nodes.view);
  }
  note_since(cluster_fail_since_, now, !round_->cluster.state_ok);
  if (myself() != nullptr) learn_sync(now, look);
}

void ServerMemory::learn_sync(TimePoint now, Look look) {
  const NodeRow& self = *myself();
  const Replication& replication = round_->replication.replication;
  if (self.role == Role::kPrimary) {
    sync_primary_.reset();
    has_synced_ = false;
    out_of_sync_since_.reset();
    stream_awaited_since_.reset();
    if (!self.slots.empty()) synced_slots_ = self.slots;
    kept_.reset();
    return;
  }
  if (self.primary_id != sync_primary_) {
    has_synced_ = false;
    sync_primary_ = self.primary_id;
  }
  const bool had_synced = has_synced_;
  // INFO prints role:master while a replica has no address for its primary; then there is no link.
  const bool is_linked = round_->replication.role == Role::kReplica && replication.link_up;
  const bool is_busy = replication.sync_in_progress || round_->is_loading || round_->replication.loading_async;
  if (is_busy) {
    has_synced_ = false;
    kept_.reset();
  } else if (is_linked) {
    has_synced_ = true;
  } else if (has_synced_ && replication.offset_bytes < synced_offset_bytes_) {
    // A sync that began and failed between two looks has thrown the old data away, and its offset with it.
    has_synced_ = false;
  } else if (kept_ && kept_->node_id == self.id && kept_->replication.has_synced &&
             kept_->replication.replication_id == replication.replication_id && replication.offset_bytes > 0) {
    has_synced_ = true;  // an earlier agent saw this history complete, and it is still the same one
  }
  kept_.reset();
  if (has_synced_) {
    synced_offset_bytes_ = replication.offset_bytes;
    if (const SlotSet* slots = slots_of_primary(); slots != nullptr && !slots->empty()) synced_slots_ = *slots;
  }
  learn_stream(now, had_synced, look);
  note_since(out_of_sync_since_, now, !has_synced_ || !is_linked);
}

void ServerMemory::learn_stream(TimePoint now, bool had_synced, Look look) {
  const std::uint64_t offset = round_->replication.replication.offset_bytes;
  const bool holds_nothing = look.is_full && detail()->numbers.keys == 0;
  if (!has_synced_ || holds_nothing) {
    stream_awaited_since_.reset();
  } else if (!had_synced && !look.is_first && offset > 0) {
    stream_awaited_since_ = now;
    stream_awaited_from_bytes_ = offset;
  } else if (stream_awaited_since_ && offset > stream_awaited_from_bytes_) {
    stream_awaited_since_.reset();
  }
}

bool ServerMemory::is_streaming(TimePoint now) const { return !stream_awaited_since_ || now - *stream_awaited_since_ >= kStreamsAfter; }

const SlotSet* ServerMemory::slots_of_primary() const {
  const NodeRow* self = myself();
  if (self == nullptr || !self->primary_id) return nullptr;
  const NodeRow* primary = detail()->nodes.view.find(*self->primary_id);
  return primary != nullptr ? &primary->slots : nullptr;
}

bool ServerMemory::holds_shard_data() const {
  const SlotSet* slots = slots_of_primary();
  // A dead primary's row may have lost its slots to this node's sibling already: then its table has not caught up yet.
  return !synced_slots_.empty() && (slots == nullptr || slots->empty() || slots->overlaps(synced_slots_));
}

}  // namespace shardkeeper::agent
