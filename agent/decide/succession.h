// Which replica takes over, when this agent has to choose. Pure.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"
#include "common/rpc/agent_api.h"

#include <vector>

namespace shardkeeper::agent {

struct PeerReport {
  rpc::Peer peer;
  NodeState state;
};

// For a primary whose process ended. A candidate is up, a replica of it, has finished a sync and carries its replication id;
// the highest offset wins, ties by pod name. RETURNS the index into `reports`. ERRORS kNotFound with the reason.
Result<std::size_t> choose_after_death(const LastLife& dead, const std::vector<PeerReport>& reports);

// For a planned hand-over of a living primary: as above, and its link must be up. ERRORS kNotFound with the reason.
Result<std::size_t> choose_for_hand_over(const NodeState& primary, const std::vector<PeerReport>& reports);

// Every replica that the dead primary last listed as online is among the reports.
bool all_online_reported(const LastLife& dead, const std::vector<PeerReport>& reports);

// `view` is the last one of the dead primary: at least three slot-owning primaries, and a majority of them, itself not counted
// as seen, was up. Below that FAILOVER FORCE cannot win.
bool can_win_force(const TopologyView& view);

}  // namespace shardkeeper::agent
