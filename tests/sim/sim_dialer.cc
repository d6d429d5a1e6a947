#include "tests/sim/sim_dialer.h"

namespace shardkeeper::sim {
namespace {

constexpr std::chrono::milliseconds kReconnect{100};

class SimLink final : public rpc::AgentLink {
 public:
  SimLink(SimDialer& dialer, std::string address, FenceToken token, std::chrono::milliseconds node_timeout, rpc::AgentEvents events)
      : dialer_(dialer), address_(std::move(address)), token_(token), node_timeout_(node_timeout), events_(std::move(events)) {
    connect();
  }
  ~SimLink() override { close(); }

  void report_now(std::uint64_t nonce) override {
    nonce_ = nonce;
    say([nonce](rpc::FromCoordinator& message) { message.report_nonce = nonce; });
  }
  void ask_for_view() override {
    wants_view_ = true;
    say([](rpc::FromCoordinator& message) { message.want_view = true; });
  }
  void set_peers(std::vector<rpc::Peer> peers) override {
    peers_ = std::move(peers);
    say([this](rpc::FromCoordinator& message) { message.peers = peers_; });
  }

  void execute(FenceToken token, const command::Command& command, std::chrono::milliseconds deadline, Done done) override {
    struct Call {
      Done done;
      std::weak_ptr<char> link;
      void finish(Result<command::Outcome> result) {
        if (!link.expired() && done) std::exchange(done, nullptr)(std::move(result));
      }
    };
    const auto call = std::make_shared<Call>(Call{std::move(done), alive_});  // owners: what is on its way
    auto& scheduler = dialer_.scheduler();
    scheduler.later(deadline, [call] { call->finish(unknown_outcome("agent", "the deadline passed")); });
    if (stream_ == 0) {
      scheduler.post([call] { call->finish(unavailable("agent", "is not connected")); });
      return;
    }
    if (dialer_.chance(dialer_.network.lost_percent / 2)) return;
    const bool answer_is_lost = dialer_.chance(dialer_.network.lost_percent / 2);
    // The order reaches the agent also when the coordinator dies meanwhile.
    scheduler.later(dialer_.delay(), [&dialer = dialer_, address = address_, token, command, call, answer_is_lost] {
      auto* pod = dialer.platform().at(address);
      if (pod == nullptr || pod->agent() == nullptr) return call->finish(unavailable("agent", "is not running"));
      pod->agent()->execute({rpc::Caller::Kind::kCoordinator, "coordinator"}, token, command,
                            [&dialer, address, token, call, answer_is_lost](const Result<command::Outcome>& result) {
                              auto* answering = dialer.platform().at(address);
                              if (answering != nullptr && result) {
                                if (token < answering->highest_accepted)
                                  dialer.violated("pod " + answering->pod().name.value + " obeyed token " + std::to_string(token.value) +
                                                  " after a higher one");
                                answering->highest_accepted = std::max(answering->highest_accepted, token);
                              }
                              if (!answer_is_lost) dialer.scheduler().later(dialer.delay(), [call, result] { call->finish(result); });
                            });
    });
  }

 private:
  SimPod* pod() {
    auto* pod = dialer_.platform().at(address_);
    return pod != nullptr && pod->agent() != nullptr ? pod : nullptr;
  }

  void connect() {
    auto* target = pod();
    if (target == nullptr) {
      const bool is_news = told_lost_ == 0;
      if (events_.on_lost && is_news) ++told_lost_;
      if (events_.on_lost && is_news) dialer_.scheduler().post(guarded([this] { events_.on_lost(unavailable("agent", "refused")); }));
      timer_ = dialer_.scheduler().after(kReconnect, [this] { connect(); });
      return;
    }
    stream_ = dialer_.next_stream();
    agent_life_ = target->agent_life();
    const std::uint64_t stream = stream_;
    target->agent()->watch_opened(stream, [&dialer = dialer_, this, stream, alive = std::weak_ptr<char>(alive_)](const NodeState* state) {
      if (alive.expired()) return;
      auto copy = state != nullptr ? std::make_shared<NodeState>(*state) : nullptr;
      arrive_at_ = std::max(arrive_at_, dialer.scheduler().now() + dialer.delay());  // a stream keeps its order
      dialer.scheduler().later(arrive_at_ - dialer.scheduler().now(), [this, stream, copy, alive] {
        if (!alive.expired() && stream == stream_) heard(copy);
      });
    });
    say([this](rpc::FromCoordinator& message) {
      message.report_nonce = nonce_;
      message.want_view = wants_view_;
      message.peers = peers_;
    });
    beat();
  }

  void heard(const std::shared_ptr<NodeState>& state) {
    if (dialer_.chance(dialer_.network.streams_cut_percent)) {
      lost();
      return;
    }
    if (state == nullptr) return events_.on_beat();
    if (state->view) wants_view_ = false;
    events_.on_state(*state);
  }

  void lost() {
    close();
    events_.on_lost(unavailable("agent", "the stream ended"));
    timer_ = dialer_.scheduler().after(kReconnect, [this] { connect(); });
  }

  void close() {
    if (stream_ == 0) return;
    auto* target = pod();
    if (target != nullptr && target->agent_life() == agent_life_) target->agent()->watch_closed(stream_);
    stream_ = 0;
  }

  void beat() {
    timer_ = dialer_.scheduler().after(rpc::beat_interval(node_timeout_), [this] {
      auto* target = pod();
      if (target == nullptr || target->agent_life() != agent_life_) {
        stream_ = 0;
        return lost();
      }
      say([](rpc::FromCoordinator&) {});
      beat();
    });
    watch_ = dialer_.scheduler().after(kReconnect, [this] { notice_end(); });
  }

  // A killed agent's socket is closed by the kernel at once.
  void notice_end() {
    auto* target = pod();
    if (stream_ != 0 && (target == nullptr || target->agent_life() != agent_life_)) {
      stream_ = 0;
      return lost();
    }
    watch_ = dialer_.scheduler().after(kReconnect, [this] { notice_end(); });
  }

  void say(const std::function<void(rpc::FromCoordinator&)>& fill) {
    if (stream_ == 0) return;
    rpc::FromCoordinator message;
    message.token = token_;
    message.node_timeout = node_timeout_;
    fill(message);
    reach_at_ = std::max(reach_at_, dialer_.scheduler().now() + dialer_.delay());
    dialer_.scheduler().later(reach_at_ - dialer_.scheduler().now(),
                              [&dialer = dialer_, address = address_, life = agent_life_, stream = stream_, message] {
                                auto* target = dialer.platform().at(address);
                                if (target != nullptr && target->agent() != nullptr && target->agent_life() == life)
                                  target->agent()->watch_message(stream, message);
                              });
  }

  std::function<void()> guarded(std::function<void()> work) {
    return [work = std::move(work), alive = std::weak_ptr<char>(alive_)] {
      if (!alive.expired()) work();
    };
  }

  SimDialer& dialer_;
  const std::string address_;
  const FenceToken token_;
  const std::chrono::milliseconds node_timeout_;
  const rpc::AgentEvents events_;
  std::uint64_t stream_ = 0;  // 0: not connected
  std::uint64_t agent_life_ = 0;
  std::uint64_t nonce_ = 0;
  bool wants_view_ = false;
  int told_lost_ = 0;
  std::vector<rpc::Peer> peers_;
  TimePoint arrive_at_;
  TimePoint reach_at_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> watch_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // watched by what is on its way
};

}  // namespace

std::unique_ptr<rpc::AgentLink> SimDialer::dial(const ClusterName&, const PodName&, const std::string& address, FenceToken token,
                                                std::chrono::milliseconds node_timeout, rpc::AgentEvents events) {
  return std::make_unique<SimLink>(*this, address, token, node_timeout, std::move(events));
}

}  // namespace shardkeeper::sim
