// The coordinators that watch this agent: who gets what when. One in quiet times, two while leadership changes hands.
#pragma once

#include "agent/core/alive.h"
#include "common/rpc/agent_handler.h"
#include "common/time/scheduler.h"

#include <functional>
#include <map>
#include <memory>

namespace shardkeeper::agent {

// Rules: a full state when a stream opens, then one after each change, at most one per turn of the loop. Counters and offsets
// alone are told at most once a second. A view of a few rows, or of more while the server is not ready, goes along with the first state that
// has its hash: small clusters, and servers that are being made, are seen without a question. Another one is sent when it is asked for, because
// equal hashes need it only once. A report that was asked for goes out as soon as the round that answers it is read. A beat answers the
// coordinator's: who has six hundred agents hears them all at once and then sleeps (5.2 % of a core instead of 6.8). Where none comes, a beat
// follows by itself.
// THREAD the loop's thread. REQUIRES scheduler outlives it, and everybody who holds a `push` outlives that stream.
class Watchers {
 public:
  struct Source {
    std::function<const NodeState&()> state;    // newest, without nonce and view
    std::function<const TopologyView*()> view;  // null: not read yet
  };
  Watchers(Scheduler& scheduler, Source source) : scheduler_(scheduler), source_(std::move(source)) {}

  void open(std::uint64_t stream, rpc::AgentHandler::Push push);
  void close(std::uint64_t stream) { streams_.erase(stream); }
  void set_node_timeout(std::uint64_t stream, std::chrono::milliseconds node_timeout);
  // The coordinator said something; it hears something, too.
  void heard(std::uint64_t stream);
  void want_view(std::uint64_t stream);
  // The state answers `nonce` once round `round` or a later one was read, or when there is nothing to ask.
  void want_report(std::uint64_t stream, std::uint64_t nonce, std::uint64_t round);

  void state_changed();
  // Told at most once in `every`.
  void counters_changed(Duration every);
  void round_read(std::uint64_t round);
  // There is no server to ask, so what is known now answers everybody.
  void nothing_to_ask();
  bool waits_for_report() const;

 private:
  struct Stream {
    rpc::AgentHandler::Push push;
    std::chrono::milliseconds node_timeout{5'000};
    std::uint64_t nonce_wanted = 0;
    std::uint64_t nonce_answered = 0;
    std::uint64_t round_wanted = 0;
    bool wants_view = false;
    std::uint64_t view_hash_sent = 0;
    bool is_due = true;
    TimePoint last_state;
    TimePoint last_said;
    std::unique_ptr<Timer> beat;
  };
  Stream* find(std::uint64_t stream);
  void schedule_flush();
  void flush();
  void send(std::uint64_t id, Stream& stream);
  void say_beat(std::uint64_t id, Stream& stream);
  void arm_beat(std::uint64_t id, Stream& stream);

  Scheduler& scheduler_;
  Source source_;
  std::map<std::uint64_t, Stream> streams_;
  bool flush_is_scheduled_ = false;
  Alive alive_;
};

}  // namespace shardkeeper::agent
