// Other agents, as a test wants them: states to report and answers to give; what was asked is noted.
#pragma once

#include "common/rpc/peer_calls.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::test {

class FakePeerCalls final : public rpc::PeerCalls {
 public:
  explicit FakePeerCalls(Scheduler& scheduler) : scheduler_(scheduler) {}

  void sample(const rpc::Peer& peer, Sampled done) override {
    sampled.push_back(peer.pod.value);
    if (const auto known = states.find(peer.pod.value); known != states.end())
      scheduler_.post([done = std::move(done), state = known->second] { done(state); });
    else
      silent_.push_back(std::move(done));
  }
  void execute(const rpc::Peer& peer, const command::Command& command, rpc::AgentLink::Done done) override {
    executed.emplace_back(peer.pod.value, command);
    scheduler_.post([done = std::move(done), refusal = refusal] { refusal ? done(*refusal) : done(command::Outcome{}); });
  }

  std::map<std::string, NodeState> states;  // by pod; who is missing never answers
  std::optional<Error> refusal;
  std::vector<std::string> sampled;
  std::vector<std::pair<std::string, command::Command>> executed;

 private:
  Scheduler& scheduler_;
  std::vector<Sampled> silent_;
};

}  // namespace shardkeeper::test
