#include "agent/core/peer_survey.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::agent {

std::vector<rpc::Peer> peers_of_shard(const std::vector<rpc::Peer>& peers, const PodName& self) {
  constexpr std::size_t kMembersMax = 16;
  const auto own = std::ranges::find(peers, self, &rpc::Peer::pod);
  std::vector<rpc::Peer> members;
  for (const auto& peer : peers) {
    const bool is_member = peer.pod != self && (own == peers.end() || peer.shard == own->shard);
    if (is_member && members.size() < kMembersMax) members.push_back(peer);
  }
  return members;
}

PeerSurvey::PeerSurvey(Scheduler& scheduler, rpc::PeerCalls& calls, const std::vector<rpc::Peer>& peers, Duration wait, Enough enough,
                       Done done)
    : enough_(std::move(enough)), done_(std::move(done)), missing_(peers.size()) {
  deadline_ = scheduler.after(peers.empty() ? Duration(0) : wait, [this] { finish(); });
  for (const auto& peer : peers) {
    calls.sample(peer, [this, peer, alive = alive_.watch()](Result<NodeState> state) {
      if (!alive.expired()) on_answer(peer, std::move(state));
    });
  }
}

void PeerSurvey::on_answer(const rpc::Peer& peer, Result<NodeState> state) {
  if (!done_) return;
  --missing_;
  if (state) reports_.push_back({peer, std::move(*state)});
  if (missing_ == 0 || enough_(reports_)) finish();
}

void PeerSurvey::finish() {
  if (!done_) return;
  // `done` may destroy this survey.
  const Done done = std::exchange(done_, nullptr);
  done(std::move(reports_));
}

}  // namespace shardkeeper::agent
