// Gives the primary's role away before this server is stopped (`launch stop`, the container's preStop hook).
#pragma once

#include "agent/core/core_config.h"
#include "agent/core/peer_survey.h"
#include "agent/decide/ticket.h"
#include "common/node/node_state.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace shardkeeper::agent {

//   sampling --(fresh state)--> looking --(primary with slots)--> surveying --(synced replica, own ticket)--> waiting
//   surveying --(slots change their owner at this moment)--> looking, until they have
//   waiting --(role observed: replica)--> done         waiting --(7 s)--> looking, at most 3 times
//   surveying --(none, after three looks)--> done      looking --(pointless: replica, hung, no slots, no server)--> done
// It begins with a fresh sample: a server promoted a moment ago must not be stopped as the replica that it was.
// Somebody else's running ticket is waited for, not fought. Progress goes to every caller as lines; the last one begins with "done ".
// THREAD the loop's. REQUIRES everything passed in outlives it.
class HandOver {
 public:
  using Say = std::function<void(const std::string& line)>;
  // What it needs of the node. `sample` asks the server anew and calls back when `newest` tells the answer, or that there is none.
  struct Node {
    std::function<const NodeState&()> newest;
    std::function<const std::vector<rpc::Peer>&()> peers;
    std::function<void(std::function<void()> then)> sample;
    // As Migrator::clear_for_failover.
    std::function<void(std::function<void(Result<void>)> then)> clear_slots;
  };
  HandOver(const CoreConfig& config, Scheduler& scheduler, rpc::PeerCalls& calls, TicketBook& tickets, Node node)
      : config_(config), scheduler_(scheduler), calls_(calls), tickets_(tickets), node_(std::move(node)) {}

  // Begins, or joins what has begun. `say` is never called before this returns, and not after it got the last line or leave(id).
  int join(Say say);
  // The caller went away. What was asked for goes on; nothing new is begun when nobody listens.
  void leave(int id) { callers_.erase(id); }

  // The node's state may have changed.
  void look();
  bool is_busy() const { return stage_ != Stage::kIdle; }

 private:
  enum class Stage { kIdle, kSampling, kLooking, kSurveying, kWaiting };

  std::optional<std::string> end_reason() const;
  void survey();
  void choose(std::vector<PeerReport> reports);
  void clear(const PeerReport& chosen);
  void ask(const PeerReport& chosen);
  void wait(Duration at_most);
  void look_later(Duration delay);
  void begin_looking();
  void say(const std::string& line);
  void finish(const std::string& reason);

  const CoreConfig& config_;
  Scheduler& scheduler_;
  rpc::PeerCalls& calls_;
  TicketBook& tickets_;
  const Node node_;

  Stage stage_ = Stage::kIdle;
  int attempts_ = 0;
  int clears_ = 0;                    // in vain
  std::optional<PodName> successor_;  // who was asked last
  std::unique_ptr<PeerSurvey> survey_;
  std::unique_ptr<Timer> timer_;
  std::map<int, Say> callers_;
  int next_id_ = 1;
  Alive alive_;
};

}  // namespace shardkeeper::agent
