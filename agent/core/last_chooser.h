// Promotes a replica of the primary that died here when no coordinator does (architecture §6, "One chooser").
#pragma once

#include "agent/core/core_config.h"
#include "agent/core/peer_survey.h"
#include "agent/decide/ticket.h"

#include <memory>
#include <optional>

namespace shardkeeper::agent {

//   idle --(primary with slots died)--> patient --(1 s, nobody took the ticket)--> surveying --(candidate, own ticket)--> asked --> idle
//     ^------------ a server runs again, or a start was granted: from anywhere -----------------------------------------------|
// It sends one FAILOVER FORCE to one replica, and only where voters can be expected: at least three slot-owning primaries and a
// majority of them up in the dead node's last view. It never repeats it (a second promoter delays Valkey's own election by 20 s) and
// never uses TAKEOVER; what it cannot do is left to the coordinator or to Valkey.
// THREAD the loop's. REQUIRES everything passed in outlives it.
class LastChooser {
 public:
  LastChooser(const CoreConfig& config, Scheduler& scheduler, rpc::PeerCalls& calls, TicketBook& tickets)
      : config_(config), scheduler_(scheduler), calls_(calls), tickets_(tickets) {}

  // `view` is the dead node's last one; null where this agent never saw it: then nothing is done.
  void process_ended(const LastLife& dead, const TopologyView* view, const std::vector<rpc::Peer>& peers);
  void cancel();
  bool is_busy() const { return dead_.has_value(); }

 private:
  void survey();
  void choose(std::vector<PeerReport> reports);
  void ask(const PeerReport& chosen);

  const CoreConfig& config_;
  Scheduler& scheduler_;
  rpc::PeerCalls& calls_;
  TicketBook& tickets_;
  std::optional<LastLife> dead_;
  std::vector<rpc::Peer> peers_;
  std::unique_ptr<Timer> patience_;
  std::unique_ptr<PeerSurvey> survey_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
