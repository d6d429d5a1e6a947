// What the agent remembers of the server process that runs now. No IO; time is passed in.
#pragma once

#include "agent/core/round.h"
#include "common/node/node_state.h"
#include "common/time/scheduler.h"

#include <optional>

namespace shardkeeper::agent {

class ServerMemory {
 public:
  // `kept` is what an earlier agent knew of this very process, if anything.
  explicit ServerMemory(std::optional<LastLife> kept) : kept_(std::move(kept)) {}

  // The process ended or another one runs: nothing of what was remembered is about it.
  void forget();
  void learn(Round round, TimePoint now);

  // Newest of each; null before the first full round. `detail` may be older than `round`.
  const Round* round() const { return round_ ? &*round_ : nullptr; }
  const RoundDetail* detail() const { return round_ && round_->detail ? &*round_->detail : nullptr; }
  const NodeRow* myself() const { return detail() != nullptr ? detail()->nodes.myself() : nullptr; }
  std::uint64_t view_hash() const { return view_hash_; }

  std::optional<TimePoint> last_answer() const { return last_answer_; }
  TimePoint last_full() const { return last_full_; }

  // Replica only. A sync with the present primary was seen complete, and none has begun since.
  bool has_synced() const { return has_synced_; }
  // Its primary streams to it. After a full sync the server waits for the replica's next acknowledgement, which may take a second (facts: the
  // one sent at the end of loading comes too early): what is written meanwhile exists once. Seen by an offset that moves, or waited for; a
  // primary that never produced anything, or holds nothing, has nothing to lose, and a sync that this agent did not see begin is long past that.
  bool is_streaming(TimePoint now) const;
  // The data is that of the shard whose primary it replicates: a sync was complete once with a primary of these slots.
  bool holds_shard_data() const;
  // 0 while link and sync are as they should be.
  Duration out_of_sync_for(TimePoint now) const { return out_of_sync_since_ ? now - *out_of_sync_since_ : Duration(0); }
  Duration cluster_fail_for(TimePoint now) const { return cluster_fail_since_ ? now - *cluster_fail_since_ : Duration(0); }

 private:
  struct Look {
    bool is_first = false;  // at this process
    bool is_full = false;   // it counted the keys, too
  };

  void learn_sync(TimePoint now, Look look);
  void learn_stream(TimePoint now, bool had_synced, Look look);
  const SlotSet* slots_of_primary() const;

  std::optional<LastLife> kept_;
  std::optional<Round> round_;
  std::uint64_t view_hash_ = 0;
  std::optional<TimePoint> last_answer_;
  TimePoint last_full_;

  std::optional<NodeId> sync_primary_;  // whom has_synced_ is about
  bool has_synced_ = false;
  std::uint64_t synced_offset_bytes_ = 0;
  std::optional<TimePoint> stream_awaited_since_;  // none: it flows
  std::uint64_t stream_awaited_from_bytes_ = 0;
  SlotSet synced_slots_;  // of the primary at the last complete sync, or own ones as a primary
  std::optional<TimePoint> out_of_sync_since_;
  std::optional<TimePoint> cluster_fail_since_;
};

}  // namespace shardkeeper::agent
