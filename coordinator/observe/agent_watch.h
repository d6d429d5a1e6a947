// What the agents of one cluster said last: a link to each pod, its newest state with its age, and the views that they hold.
#pragma once

#include "common/rpc/agent_api.h"
#include "common/time/scheduler.h"
#include "coordinator/model/snapshot.h"
#include "coordinator/platform/platform.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace shardkeeper::observe {

// THREAD the loop's thread. REQUIRES scheduler and dialer outlive it.
class AgentWatch {
 public:
  struct Callbacks {
    std::function<void()> changed;                      // something that a pass should look at; also a silence that ends
    std::function<void()> counted;                      // counters and offsets only: a pass that waits for nothing need not look
    std::function<void()> pressing;                     // and at once: a server died, or a report came that was asked for
    std::function<void(FenceToken)> higher_token_seen;  // an agent has obeyed a token that is not below ours
  };

  AgentWatch(Scheduler& scheduler, rpc::AgentDialer& dialer, ClusterName cluster, FenceToken token, Callbacks callbacks);

  // Dials agents of pods that are new or moved, drops those of pods that are gone, and tells all who their peers are.
  void follow(const std::vector<model::Pod>& pods, const platform::Platform& platform, std::chrono::milliseconds node_timeout);

  // A new fence token: every stream is opened anew with it.
  void set_token(FenceToken token);

  // Fills in what is known of the pod. A pod that is not followed is left as never heard.
  void describe(model::PodInfo& info) const;
  // The earliest time after `after` at which one of them has been, or will have been, silent for a node timeout. None: all were before.
  std::optional<TimePoint> next_silence(TimePoint after) const;
  const model::ViewCache& views() const { return views_; }
  // Forgets views that no state refers to any more.
  void prune_views();

  // Null where the pod has no link.
  rpc::AgentLink* link(const PodName& pod) const;

 private:
  struct Watched {
    PodUid uid;
    std::string address;
    TimePoint first_seen;
    TimePoint heard_at;
    TimePoint state_at;
    bool stream_open = false;
    bool token_checked = false;
    // Owners: this cache and the snapshots of passes under way.
    std::shared_ptr<const NodeState> state;
    std::unique_ptr<rpc::AgentLink> link;  // last: destroyed first, no callback finds the rest gone
  };

  void dial(const PodName& pod, Watched& watched);
  bool is_silent(const Watched& watched) const;
  void on_beat(const PodName& pod);
  void on_state(const PodName& pod, NodeState state);
  void on_lost(const PodName& pod, const Error& error);
  void tell_peers(const std::vector<model::Pod>& pods);

  Scheduler& scheduler_;
  rpc::AgentDialer& dialer_;
  ClusterName cluster_;
  FenceToken token_;
  Callbacks callbacks_;
  std::chrono::milliseconds node_timeout_{5000};
  model::ViewCache views_;
  std::vector<rpc::Peer> peers_;
  std::map<PodName, Watched> pods_;
};

}  // namespace shardkeeper::observe
