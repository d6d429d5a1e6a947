#include "coordinator/observe/agent_watch.h"

#include "common/log/log.h"

#include <algorithm>
#include <set>
#include <utility>

namespace shardkeeper::observe {

AgentWatch::AgentWatch(Scheduler& scheduler, rpc::AgentDialer& dialer, ClusterName cluster, FenceToken token, Callbacks callbacks)
    : scheduler_(scheduler), dialer_(dialer), cluster_(std::move(cluster)), token_(token), callbacks_(std::move(callbacks)) {}

void AgentWatch::follow(const std::vector<model::Pod>& pods, const platform::Platform& platform, std::chrono::milliseconds node_timeout) {
  const bool redial_all = node_timeout != node_timeout_;
  node_timeout_ = node_timeout;
  std::set<PodName> present;
  for (const auto& pod : pods) {
    present.insert(pod.name);
    auto [it, is_new] = pods_.try_emplace(pod.name);
    auto& watched = it->second;
    if (!is_new && watched.uid != pod.uid) {  // made again under the same name: nothing that was known holds
      watched.link.reset();
      watched = Watched();
      is_new = true;
    }
    if (is_new) {
      watched.uid = pod.uid;
      watched.first_seen = watched.heard_at = scheduler_.now();
    }
    std::string address = platform.agent_address(pod);
    if (address.empty() || (address == watched.address && !redial_all)) continue;
    watched.address = std::move(address);
    dial(pod.name, watched);
  }
  std::erase_if(pods_, [&](const auto& entry) { return !present.contains(entry.first); });
  tell_peers(pods);
}

void AgentWatch::set_token(FenceToken token) {
  token_ = token;
  for (auto& [pod, watched] : pods_)
    if (!watched.address.empty()) dial(pod, watched);
}

void AgentWatch::dial(const PodName& pod, Watched& watched) {
  watched.stream_open = false;
  watched.link.reset();
  watched.link = dialer_.dial(cluster_, pod, watched.address, token_, node_timeout_,
                              {.on_state = [this, pod](NodeState state) { on_state(pod, std::move(state)); },
                               .on_beat = [this, pod] { on_beat(pod); },
                               .on_lost = [this, pod](const Error& error) { on_lost(pod, error); }});
  if (!peers_.empty()) watched.link->set_peers(peers_);
}

void AgentWatch::tell_peers(const std::vector<model::Pod>& pods) {
  std::vector<rpc::Peer> peers;
  for (const auto& pod : pods) {
    const auto& address = pods_.at(pod.name).address;
    if (!address.empty() && pod.shard()) peers.push_back({pod.name, *pod.shard(), address});
  }
  if (peers == peers_) return;
  peers_ = std::move(peers);
  for (auto& [pod, watched] : pods_)
    if (watched.link) watched.link->set_peers(peers_);
}

bool AgentWatch::is_silent(const Watched& watched) const {
  return !watched.stream_open || scheduler_.now() - watched.heard_at > node_timeout_;
}

void AgentWatch::on_beat(const PodName& pod) {
  auto& watched = pods_.at(pod);
  const bool is_back = is_silent(watched);
  watched.heard_at = scheduler_.now();
  if (is_back) callbacks_.changed();
}

void AgentWatch::on_state(const PodName& pod, NodeState state) {
  auto& watched = pods_.at(pod);
  const bool is_back = is_silent(watched);
  watched.heard_at = watched.state_at = scheduler_.now();
  watched.stream_open = true;
  if (!watched.token_checked) {
    watched.token_checked = true;
    // Before this process commanded it: an agent that has obeyed our number already obeyed somebody else's.
    if (state.token_max >= token_) callbacks_.higher_token_seen(state.token_max);
  }
  if (state.view && state.view_hash != 0) {
    views_[state.view_hash] = std::make_shared<const TopologyView>(std::move(*state.view));
    state.view.reset();
  }
  const bool was_dead = watched.state && watched.state->gate.is_known_dead();
  const bool is_answer = watched.state && watched.state->nonce != state.nonce;
  const bool is_pressing = is_answer || (!was_dead && state.gate.is_known_dead());
  const auto former = std::exchange(watched.state, std::make_shared<const NodeState>(std::move(state)));
  if (is_pressing) return callbacks_.pressing();
  if (is_back || !former || without_counters(*former) != without_counters(*watched.state)) return callbacks_.changed();
  callbacks_.counted();
}

void AgentWatch::on_lost(const PodName& pod, const Error& error) {
  auto& watched = pods_.at(pod);
  if (watched.stream_open)
    log::info("agent stream lost", {{"cluster", cluster_.value}, {"pod", pod.value}, {"reason", to_string(error)}});
  else
    log::debug("agent not reached", {{"cluster", cluster_.value}, {"pod", pod.value}, {"reason", to_string(error)}});
  if (!watched.stream_open) return;
  watched.stream_open = false;
  callbacks_.changed();
}

void AgentWatch::describe(model::PodInfo& info) const {
  const auto it = pods_.find(info.pod.name);
  if (it == pods_.end()) {
    info.first_seen = info.heard_at = scheduler_.now();
    return;
  }
  const auto& watched = it->second;
  info.first_seen = watched.first_seen;
  info.state = watched.state;
  info.heard_at = watched.heard_at;
  info.state_at = watched.state_at;
  info.stream_open = watched.stream_open;
}

std::optional<TimePoint> AgentWatch::next_silence(TimePoint after) const {
  std::optional<TimePoint> next;
  for (const auto& [pod, watched] : pods_) {
    const TimePoint at = watched.heard_at + node_timeout_ + std::chrono::milliseconds(1);  // later than a timeout ago is silent
    if (at > after && (!next || at < *next)) next = at;
  }
  return next;
}

void AgentWatch::prune_views() {
  std::set<std::uint64_t> used;
  for (const auto& [pod, watched] : pods_)
    if (watched.state) used.insert(watched.state->view_hash);
  std::erase_if(views_, [&](const auto& entry) { return !used.contains(entry.first); });
}

rpc::AgentLink* AgentWatch::link(const PodName& pod) const {
  const auto it = pods_.find(pod);
  return it == pods_.end() ? nullptr : it->second.link.get();
}

}  // namespace shardkeeper::observe
