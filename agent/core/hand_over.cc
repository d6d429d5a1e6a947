#include "agent/core/hand_over.h"

#include <utility>

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;

constexpr int kAttemptsMax = 3;
constexpr milliseconds kSurveyFor{1'000};
constexpr milliseconds kTicketFor{7'000};  // Valkey gives up a manual failover after 5 s
constexpr milliseconds kRetryAfter{300};
// A migration that does not come out of its last step is ended by the server after 10 s.
constexpr milliseconds kClearAgainAfter{100};
constexpr int kClearsMax = 110;

}  // namespace

int HandOver::join(Say say) {
  const int id = next_id_++;
  callers_.emplace(id, std::move(say));
  if (stage_ == Stage::kIdle) {
    stage_ = Stage::kSampling;
    attempts_ = clears_ = 0;
    successor_.reset();
    node_.sample([this, alive = alive_.watch()] {
      if (alive.expired() || stage_ != Stage::kSampling) return;
      begin_looking();
    });
  }
  return id;
}

void HandOver::look() {
  if (stage_ == Stage::kIdle || stage_ == Stage::kSampling) return;
  if (const auto reason = end_reason()) return finish(*reason);
  if (stage_ == Stage::kLooking && !timer_) survey();
}

// None: there is a role to give away.
std::optional<std::string> HandOver::end_reason() const {
  const NodeState& state = node_.newest();
  switch (state.condition) {
    case ServerCondition::kDown: return "no server runs";
    case ServerCondition::kStarting:
    case ServerCondition::kLoading: return "the server has not started yet";
    case ServerCondition::kHung: return "the server does not answer";
    case ServerCondition::kUp: break;
  }
  if (state.role == Role::kReplica) return successor_ ? "handed over to " + successor_->value : std::string("this server is a replica");
  // Half moved slots bring keys before they bring ownership.
  if (state.slots.empty() && state.open_slots.empty() && state.keys == 0) return "this primary has no slots";
  return std::nullopt;
}

void HandOver::survey() {
  if (attempts_ >= kAttemptsMax) return finish("given up after " + std::to_string(attempts_) + " attempts");
  ++attempts_;
  if (const auto running = tickets_.running(scheduler_.now())) {
    successor_ = running->replica;
    say("a hand-over to " + running->replica.value + " is under way, asked for by " + running->requester);
    return wait(running->valid_for);
  }
  stage_ = Stage::kSurveying;
  survey_ = std::make_unique<PeerSurvey>(
      scheduler_, calls_, peers_of_shard(node_.peers(), config_.pod), kSurveyFor, [](const std::vector<PeerReport>&) { return false; },
      [this](std::vector<PeerReport> reports) { choose(std::move(reports)); });
}

void HandOver::choose(std::vector<PeerReport> reports) {
  const auto chosen = choose_for_hand_over(node_.newest(), reports);
  if (!chosen) {
    // A server that was promoted a moment ago: its replicas are just finding it.
    if (!reports.empty() && attempts_ < kAttemptsMax) return look_later(kRetryAfter);
    return finish("no synced replica to hand over to (" + chosen.error().detail + ")");
  }
  clear(reports[*chosen]);
}

void HandOver::clear(const PeerReport& chosen) {
  node_.clear_slots([this, chosen, alive = alive_.watch()](const Result<void>& clear) {
    if (alive.expired() || stage_ != Stage::kSurveying) return;
    if (clear) return ask(chosen);
    if (++clears_ > kClearsMax) return finish("given up: " + clear.error().detail);
    if (clears_ == 1) say("waiting: " + clear.error().detail);
    --attempts_;  // none was made
    look_later(kClearAgainAfter);
  });
}

void HandOver::ask(const PeerReport& chosen) {
  const NodeState& self = node_.newest();
  const command::Ticket wanted{chosen.peer.pod, command::FailoverMode::kGraceful, "agent:" + config_.pod.value, kTicketFor};
  const command::Ticket ticket = tickets_.take(wanted, scheduler_.now());
  successor_ = ticket.replica;
  say("handing over to " + ticket.replica.value);
  wait(ticket.valid_for);
  if (ticket.replica != wanted.replica || ticket.requester != wanted.requester) return;  // taken while we asked around
  const command::Failover failover{command::FailoverMode::kGraceful, *self.node_id, self.config_epoch, ticket};
  calls_.execute(chosen.peer, failover, [this, alive = alive_.watch()](const Result<command::Outcome>& outcome) {
    if (alive.expired() || stage_ != Stage::kWaiting || outcome) return;
    say("refused: " + to_string(outcome.error()));
    tickets_.drop_graceful();
    look_later(kRetryAfter);
  });
}

// Either look() sees the role go before that, or the next attempt begins.
void HandOver::wait(Duration at_most) {
  look_later(at_most);
  stage_ = Stage::kWaiting;
}

void HandOver::look_later(Duration delay) {
  timer_ = scheduler_.after(delay, [this] {
    timer_.reset();
    begin_looking();
  });
}

void HandOver::begin_looking() {
  stage_ = Stage::kLooking;
  if (callers_.empty()) return finish("nobody waits");
  look();
}

void HandOver::say(const std::string& line) {
  const auto callers = callers_;  // a caller may leave inside
  for (const auto& [id, caller] : callers)
    if (callers_.contains(id)) caller(line);
}

void HandOver::finish(const std::string& reason) {
  stage_ = Stage::kIdle;
  timer_.reset();
  survey_.reset();
  for (const auto& [id, caller] : std::exchange(callers_, {})) caller("done " + reason);
}

}  // namespace shardkeeper::agent
