// Moves the keys of open slots to the target's server until the slots are empty. No slot is opened or closed here.
#pragma once

#include "agent/migrate/engine.h"
#include "agent/migrate/migrate_call.h"
#include "agent/migrate/move_budget.h"
#include "agent/migrate/relay.h"
#include "agent/migrate/slot_counts.h"

#include <deque>
#include <memory>
#include <optional>

namespace shardkeeper::agent {

//   counting --(all empty)--> done
//   counting --(keys)--> listing (≤ 1,000 keys of several slots) --> sizing --> moving, a batch at a time --> listing … --> counting
//   any --(a reply that passes by itself)--> waiting --> counting
//   moving --(a reply that blames one key)--> its slot is left --> counting
// THREAD the loop's. Nothing is called after destruction. One `move` at a time.
class KeyMover {
 public:
  KeyMover(const MigrationJob& job, const EngineParts& parts)
      : target_(job.target_server), parts_(parts), budget_(parts.progress.bytes_per_second) {}

  // The target is too old for this server's dumps.
  void translate() { relay_kind_ = RelayKind::kTranslating; }

  // Slots of which a key cannot be moved whatever is tried, and why not the first of them.
  struct Stuck {
    SlotSet slots;
    std::string why;
  };
  // A value that takes the source so long that the others could think it dead goes through a relay, which is cut in time.
  static constexpr std::uint64_t kSlowBytes = 16U << 20U;
  static constexpr int kCutsMax = 3;  // of one slot's key
  // More than these are no bad keys but a bad target.
  static constexpr int kStuckSlotsMax = 16;

  // `done`: the slots hold no keys in any database, but for those that are stuck; kConflict after stop(); else what failed, with slot and key
  // where one is to blame. REQUIRES at most 512 slots, all migrating to the target.
  void move(const SlotSet& slots, std::function<void(Result<Stuck>)> done);
  // After the batch that is under way; at once, though not before this returns, where none is: a pause is not waited out.
  void stop();
  // progress.bytes_per_second has changed.
  void throttle();

 private:
  void count();
  void on_count(SlotCounts counts);
  void list();
  void look_for_clients();
  void on_list(int slot, Result<valkey::Reply> reply);
  void size();
  void pack();
  void send_next();
  std::vector<KeyBatch> next_call();
  std::vector<KeyBatch> next_calls();
  void send(std::vector<KeyBatch> calls, const Endpoint& to);
  void on_reply(const KeyBatch& batch, Result<valkey::Reply> reply);
  void guard();
  void on_cut(const KeyBatch& batch);
  void on_failed(const KeyBatch& batch, const Result<valkey::Reply>& reply);
  void on_moved();
  void go_on();
  void retry(const Error& why);
  void leave(int slot, const Error& why);
  void finish(Result<Stuck> result);
  void pause(Duration duration, void (KeyMover::*then)());
  void reconnect();
  valkey::ServerPort& port() { return parts_.servers.port(0); }
  std::chrono::milliseconds timeout() const;
  // Of a slow batch, as a whole.
  std::chrono::milliseconds slow_timeout() const { return parts_.node_timeout * 3 / 5; }

  struct Key {
    int slot;
    std::string name;
    std::uint64_t bytes;
  };

  struct Failed {
    KeyBatch batch;
    Result<valkey::Reply> reply;
  };
  // MIGRATEs under way at once, and what came of them.
  struct Sent {
    TimePoint began;
    std::size_t missing = 0;
    std::uint64_t bytes = 0;
    std::size_t keys = 0;
    std::optional<Failed> failed;  // the first
  };

  const Endpoint target_;
  const EngineParts& parts_;
  MoveBudget budget_;
  std::function<void(Result<Stuck>)> done_;
  SlotSet slots_;  // without those that are stuck
  Stuck stuck_;
  bool is_stopped_ = false;
  void (KeyMover::*after_pause_)() = nullptr;  // while it lasts, nothing was asked whose answer is to come

  SlotCounts left_;  // as counted last, of slots not listed since
  std::uint64_t total_ = 0;
  int rounds_in_vain_ = 0;
  int failures_in_a_row_ = 0;
  std::size_t list_max_ = 1000;  // names at once
  std::size_t missing_ = 0;
  std::vector<Key> listed_;
  std::deque<KeyBatch> batches_;
  Sent sent_;

  bool one_by_one_ = false;
  bool can_size_ = true;          // MEMORY USAGE is allowed
  std::optional<Error> passing_;  // of the questions under way
  std::optional<Error> final_;
  RelayKind relay_kind_ = RelayKind::kPlain;
  std::unique_ptr<Relay> relay_;  // of the batch under way, or of all where they are translated
  std::unique_ptr<Timer> guard_;  // of a slow batch
  bool was_cut_ = false;
  int cuts_ = 0;  // of slow batches in a row: small ones in between say nothing
  std::unique_ptr<Timer> later_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
