#include "tests/sim/sim_peer_calls.h"

#include "tests/sim/later.h"

#include "tests/sim/sim_pod.h"

namespace shardkeeper::sim {
namespace {

constexpr std::chrono::milliseconds kOneWay{1};
constexpr std::chrono::seconds kDeadline{1};

// Exactly one answer reaches the caller, unless its agent is gone.
template <typename T>
struct Answer {
  std::function<void(Result<T>)> done;
  std::weak_ptr<char> caller;

  void give(Result<T> result) {
    if (!caller.expired() && done) std::exchange(done, nullptr)(std::move(result));
  }
};

template <typename T>
std::shared_ptr<Answer<T>> expect(Scheduler& scheduler, std::function<void(Result<T>)> done, const std::shared_ptr<char>& caller) {
  auto answer = std::make_shared<Answer<T>>(Answer<T>{std::move(done), caller});  // owners: the call and its deadline
  later(scheduler, kDeadline, [answer] { answer->give(unknown_outcome("peer", "no answer in time")); });
  return answer;
}

}  // namespace

void SimPeerCalls::sample(const rpc::Peer& peer, Sampled done) {
  const auto answer = expect<NodeState>(scheduler_, std::move(done), alive_);
  later(scheduler_, kOneWay, [&scheduler = scheduler_, find = find_, address = peer.agent_address, answer] {
    auto* pod = find(address);
    if (pod == nullptr || pod->agent() == nullptr) return answer->give(unavailable("peer", "is not running"));
    pod->agent()->sample(false, [&scheduler, answer](const Result<NodeState>& state) {
      later(scheduler, kOneWay, [answer, state] { answer->give(state); });
    });
  });
}

void SimPeerCalls::execute(const rpc::Peer& peer, const command::Command& command, rpc::AgentLink::Done done) {
  const auto answer = expect<command::Outcome>(scheduler_, std::move(done), alive_);
  later(scheduler_, kOneWay, [&scheduler = scheduler_, find = find_, address = peer.agent_address, caller = caller_, command, answer] {
    auto* pod = find(address);
    if (pod == nullptr || pod->agent() == nullptr) return answer->give(unavailable("peer", "is not running"));
    pod->agent()->execute({rpc::Caller::Kind::kPeer, caller}, FenceToken(), command,
                          [&scheduler, answer](const Result<command::Outcome>& result) {
                            later(scheduler, kOneWay, [answer, result] { answer->give(result); });
                          });
  });
}

}  // namespace shardkeeper::sim
