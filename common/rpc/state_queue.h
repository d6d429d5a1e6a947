// What waits to be sent on one Watch stream: bounded by two, because only the newest state matters.
#pragma once

#include "common/node/node_state.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace shardkeeper::rpc {

// A newer state takes the place of one that waits. Two things asked for are not lost with it: the nonce (a later sample answers
// it as well) and a topology view, whose state waits in front of a newer one without a view. Order is kept. A beat waits only
// where no state does. Pure.
class StateQueue {
 public:
  void push(NodeState state) {
    if (newest_) state.nonce = std::max(state.nonce, newest_->nonce);
    if (state.view) with_view_.reset();
    if (!state.view && newest_ && newest_->view) with_view_ = std::move(newest_);
    newest_ = std::move(state);
    beat_ = false;
  }
  void push_beat() { beat_ = !newest_; }

  bool empty() const { return !newest_ && !beat_; }
  // REQUIRES !empty(). RETURNS a state, or none for a beat.
  std::optional<NodeState> pop() {
    beat_ = false;
    return std::exchange(with_view_ ? with_view_ : newest_, std::nullopt);
  }

 private:
  std::optional<NodeState> with_view_;  // older than newest_; set only while newest_ is
  std::optional<NodeState> newest_;
  bool beat_ = false;
};

}  // namespace shardkeeper::rpc
