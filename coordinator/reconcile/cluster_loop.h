// One cluster's reconcile loop: observe, snapshot, decide, act. Triggered by any change and by a tick, never by what changed.
#pragma once

#include "common/rpc/agent_api.h"
#include "common/time/scheduler.h"
#include "coordinator/act/executor.h"
#include "coordinator/model/decision.h"
#include "coordinator/observe/agent_watch.h"
#include "coordinator/platform/platform.h"
#include "coordinator/reconcile/events.h"
#include "coordinator/reconcile/in_flight.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::reconcile {

// What other clusters contribute to a snapshot.
struct Neighbours {
  std::map<WorkerName, int> primaries;  // per worker
  int clusters_silent = 0;
};

// THREAD the loop's thread. REQUIRES everything handed in outlives it. It never waits: a pass looks at what is known, starts steps
// and returns; a trigger during a pass starts the next one after a rest of three times what the pass took, 20 ms at most. A death and an answer that
// was asked for end the rest: clients of that shard are waiting. A calm cluster, about which nothing is found that time or counters could change, has a
// pass every five seconds and when an agent falls silent; its snapshot is as old, and the counters in it.
class ClusterLoop {
 public:
  struct Ports {
    Scheduler& scheduler;
    platform::Platform& platform;
    rpc::AgentDialer& dialer;
    EventLog& events;
  };
  struct Hooks {
    std::function<void(Duration took)> passed;          // a pass ended; status may have changed
    std::function<void(FenceToken)> higher_token_seen;  // raise ours above it and call set_token
    std::function<Neighbours()> neighbours;
  };

  ClusterLoop(Ports ports, model::ClusterObject cluster, FenceToken token, std::uint64_t seed, Hooks hooks);

  // Wants a pass soon. Any number of calls before it runs are one.
  void trigger();
  // As trigger(), without a rest.
  void trigger_now();
  // The platform's view changed. What it says of servers that ended is kept at once: their pods may be gone before the next pass, and a
  // missing pod proves nothing.
  void platform_changed();
  void set_cluster(model::ClusterObject cluster);
  void set_token(FenceToken token);
  // Findings of the coordinator itself about this cluster's object (a bad file, a refused change); shown with the planner's.
  void set_outside_findings(std::vector<model::Finding> findings);

  // Whether this cluster waits for word of what ran at `ip`. ERRORS kConflict: live nodes neither suspect it nor have given it up.
  Result<bool> misses(const std::string& ip) const;
  // A person's word that it is gone for good. Kept as long as this process lives. REQUIRES misses(ip).
  void confirm_dead_at(const std::string& ip);
  // A person's word that the old copy of `pod` is better than none. Kept as long as its server and this process live.
  // ERRORS kRefused: nobody waits for that word: the pod is no replica of a dead primary, or can be promoted as it is, or holds nothing.
  Result<void> accept_stale(const PodName& pod);

  const model::ClusterObject& cluster() const { return cluster_; }
  const model::Snapshot& snapshot() const { return snapshot_; }  // of the last pass
  const model::Decision& decision() const { return decision_; }  // of the last pass
  const model::History& history() const { return history_; }     // after it
  // Since when a finding of the last pass has stood, by reason and subject (its numbers may change). Milliseconds since 1970.
  using Since = std::map<std::pair<model::Reason, std::string>, std::int64_t>;
  const Since& findings_since() const { return findings_since_; }

 private:
  void pass();
  bool platform_has_news() const;
  model::Snapshot observe();
  void act();
  void start(const model::Step& step);
  void report_findings();
  bool is_calm() const;
  TimePoint next_look() const;
  void arm_timer();

  Ports ports_;
  model::ClusterObject cluster_;
  FenceToken token_;
  Hooks hooks_;
  TimePoint started_;
  model::Snapshot snapshot_;
  model::Decision decision_;
  model::History history_;
  std::vector<model::Finding> outside_findings_;
  Since findings_since_;
  InFlightSteps in_flight_;
  std::optional<TimePoint> settle_at_;  // when the next step under way is given up
  bool pass_queued_ = false;
  bool is_resting_ = false;                                     // the queued pass waits for the rest's end
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way and queued passes
  std::unique_ptr<Timer> timer_;
  TimePoint rest_until_;  // no pass before
  std::unique_ptr<Timer> rest_;
  observe::AgentWatch agents_;
  act::Executor executor_;
};

}  // namespace shardkeeper::reconcile
