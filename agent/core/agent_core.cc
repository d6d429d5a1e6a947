#include "agent/core/agent_core.h"

#include "agent/core/command_access.h"
#include "common/log/log.h"

namespace shardkeeper::agent {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// How often counters are told, offsets among them, where nothing else changes. A coordinator of 600 agents hears 600 or 120 states a second.
constexpr Duration kCounters = seconds(1);
constexpr Duration kCountersWhenCalm = seconds(5);
constexpr Duration kCalmAfter = seconds(10);

}  // namespace

AgentCore::AgentCore(CoreConfig config, Scheduler& scheduler, valkey::ServerPort& server, Volume& volume, rpc::PeerCalls& calls,
                     OpenServer open_server, OpenRelay open_relay)
    : config_(std::move(config)),
      scheduler_(scheduler),
      server_(server),
      volume_(volume),
      memory_(volume.last_life()),
      last_life_(volume.last_life()),
      last_change_(scheduler.now()),
      coordinator_heard_(scheduler.now()),
      sampler_(scheduler, server, [this](std::uint64_t number, Result<Round> round) { on_round(number, std::move(round)); }),
      watchers_(scheduler, {[this]() -> const NodeState& { return state_; },
                            [this] { return memory_.detail() != nullptr ? &memory_.detail()->nodes.view : nullptr; }}),
      fence_(config_, scheduler, server, [this] { ask_now(); }),
      migrator_(config_, scheduler, server, std::move(open_server), calls,
                {[this]() -> const NodeState& { return state_; }, [this] { refresh(); }}, std::move(open_relay)),
      functions_(scheduler, server, calls, [this] { refresh(); }),
      settings_(server),
      accounts_(server, [this] { refresh(); }),
      tls_(server, [this] { refresh(); }),
      commands_(scheduler, server, volume, tickets_, migrator_, functions_, settings_, [this]() -> const NodeState& { return state_; }),
      chooser_(config_, scheduler, calls, tickets_),
      hand_over_(config_, scheduler, calls, tickets_,
                 {.newest = [this]() -> const NodeState& { return state_; },
                  .peers = [this]() -> const std::vector<rpc::Peer>& { return peers_; },
                  .sample = [this](auto then) { sample(false, [then = std::move(then)](const Result<NodeState>&) { then(); }); },
                  .clear_slots = [this](auto then) { migrator_.clear_for_failover(std::move(then)); }}) {
  state_.pod = config_.pod;
  state_.gate = volume_.gate();
  volume_.on_gate_change([this, alive = alive_.watch()] {
    if (!alive.expired()) on_gate_change();
  });
  server_.on_connection([this, alive = alive_.watch()](bool) {
    if (!alive.expired()) on_connection();
  });
  refresh();
  ask_now();
}

void AgentCore::on_gate_change() {
  refresh();
  if (state_.gate.lock_held && !server_.is_connected()) server_.reconnect_now();
  ask_now();
}

void AgentCore::on_connection() {
  refresh();
  ask_now();
}

// A full round, as soon as possible. RETURNS its number; 0 when there is nobody to ask.
std::uint64_t AgentCore::ask_now() { return server_.is_connected() && state_.gate.lock_held ? sampler_.ask(Depth::kFull) : 0; }

void AgentCore::on_round(std::uint64_t number, Result<Round> round) {
  ++counters_.rounds;
  const bool is_good = round.has_value();
  const bool is_full = is_good && round->detail;
  const Error failure = is_good ? Error{} : round.error();
  if (is_good) {
    memory_.learn(std::move(*round), scheduler_.now());
    last_failure_.clear();
  } else {
    ++counters_.rounds_failed;
    const std::string text = to_string(failure);
    if (text != last_failure_ && state_.gate.lock_held) log::warn("the server could not be sampled", {{"error", text}});
    last_failure_ = text;
  }
  refresh();
  if (is_good) watchers_.round_read(number);
  answer_waiters(number, is_good ? std::nullopt : std::optional(failure));
  if (!is_good) return;
  consider_fence();
  accounts_.look();
  tls_.look();
  migrator_.look();
  if (is_full && state_.condition == ServerCondition::kUp) functions_.look(memory_.detail()->numbers);
}

void AgentCore::on_tick() {
  if (state_.gate.lock_held && server_.is_connected()) {
    const PaceInput pace = pace_input();
    if (!sampler_.is_running()) sampler_.ask(decide_pace(pace).depth);
  } else if (state_.gate.lock_held) {
    server_.reconnect_now();
  }
  refresh();
}

PaceInput AgentCore::pace_input() const {
  const TimePoint now = scheduler_.now();
  PaceInput input;
  // Open slots are no reason to look closely: who moves them knows how far they are, and each look takes time from their server.
  const bool is_moving = state_.replication.sync_in_progress || hand_over_.is_busy();
  input.is_settled = state_.condition == ServerCondition::kDown || (state_.readiness.is_ready() && !is_moving);
  input.since_change = now - last_change_;
  if (last_failover_) input.since_failover = now - *last_failover_;
  input.since_full = now - memory_.last_full();
  if (const RoundDetail* detail = memory_.detail()) input.nodes = static_cast<int>(detail->nodes.view.rows.size());
  input.round_cost = sampler_.cost();
  input.round_time = sampler_.time();
  return input;
}

// Nothing has changed for a while, and nothing is under way: nobody waits for an offset or watches a move.
bool AgentCore::is_calm() const {
  const PaceInput pace = pace_input();
  return pace.is_settled && !state_.moves_slots() && pace.since_change > kCalmAfter;
}

void AgentCore::arm_tick() {
  tick_ = scheduler_.after(decide_pace(pace_input()).interval, [this] { on_tick(); });
}

// Everything that follows from what is known now. Called after anything that may have changed it; cheap.
void AgentCore::refresh() {
  const GateState gate = volume_.gate();
  observe_gate(gate);
  const std::string launch_error = gate.lock_held ? std::string() : volume_.launch_error();
  const Known known{config_,
                    memory_,
                    gate,
                    volume_.token(),
                    last_life_,
                    launch_error,
                    state_.readiness.is_ready(),
                    scheduler_.now(),
                    migrator_.progress(),
                    functions_.hash(),
                    settings_.hash(),
                    settings_.not_in_force(),
                    accounts_.are_set(),
                    accounts_.trouble(),
                    tls_.trouble()};
  adopt(assemble(known));
  if (knows_without_asking() && !sampler_.is_running() && watchers_.waits_for_report()) watchers_.nothing_to_ask();
  arm_tick();
}

// A change of the process is acted on while `state_` still shows the one that ended.
void AgentCore::observe_gate(const GateState& gate) {
  if (state_.gate.lock_held && !gate.lock_held) process_ended();
  if (!state_.gate.lock_held && gate.lock_held) process_started();
}

void AgentCore::process_ended() {
  // What this agent knew a moment ago is newer than what it has written; both name the same process.
  const auto newest = life_of(state_);
  last_life_ = newest ? newest : volume_.last_life();
  log::warn("the server process ended", {{"node", last_life_ ? last_life_->node_id.short_form() : "unknown"}});
  const RoundDetail* detail = memory_.detail();
  if (last_life_) chooser_.process_ended(*last_life_, detail != nullptr ? &detail->nodes.view : nullptr, peers_);
  memory_.forget();
  migrator_.process_ended();
  functions_.forget();
  settings_.process_ended();
  accounts_.process_ended();
  tls_.process_ended();
  fence_.forget();
  tickets_.drop_graceful();
  note_change();
}

void AgentCore::process_started() {
  log::info("a server process runs");
  memory_.forget();
  chooser_.cancel();
  tickets_.process_started();
  settings_.process_started(volume_.user_settings());
  note_change();
}

void AgentCore::adopt(NodeState next) {
  if (next == state_) return;
  const bool is_change = without_counters(next) != without_counters(state_);
  const bool readiness_changed = next.readiness.reason != state_.readiness.reason;
  if (state_.role == Role::kPrimary && next.role == Role::kReplica) tickets_.drop_graceful();  // that hand-over is over
  state_ = std::move(next);
  if (readiness_changed) {
    ++counters_.readiness_changes;
    log::info("readiness changed", {{"reason", std::string(to_string(state_.readiness.reason))}, {"detail", state_.readiness.detail}});
  }
  if (!is_change) return watchers_.counters_changed(is_calm() ? kCountersWhenCalm : kCounters);
  note_change();
  if (state_.gate.start_granted) chooser_.cancel();  // whoever granted it knows that the slots are served or lost
  keep_life();
  watchers_.state_changed();
  hand_over_.look();
}

void AgentCore::keep_life() {
  if (state_.condition != ServerCondition::kUp && state_.condition != ServerCondition::kLoading) return;
  auto life = life_of(state_);
  if (!life || (kept_life_ && is_same_life(*life, *kept_life_))) return;
  volume_.keep_life(*life);
  kept_life_ = std::move(life);
}

void AgentCore::consider_fence() {
  if (state_.condition != ServerCondition::kUp) return;
  const RoundDetail& detail = *memory_.detail();
  fence_.consider(state_, detail.nodes.view, detail.min_replicas_to_write, coordinator_silent_for(), node_timeout_);
}

milliseconds AgentCore::coordinator_silent_for() const {
  return std::chrono::duration_cast<milliseconds>(scheduler_.now() - coordinator_heard_);
}

void AgentCore::watch_opened(std::uint64_t stream, Push push) { watchers_.open(stream, std::move(push)); }

void AgentCore::watch_message(std::uint64_t stream, const rpc::FromCoordinator& message) {
  // A coordinator that was replaced may still talk for a while; its word neither keeps the fence down nor moves peers.
  if (const auto heeded = heed_token(message.token); heeded) {
    coordinator_heard_ = scheduler_.now();
    if (message.node_timeout.count() > 0) node_timeout_ = message.node_timeout;
    if (!message.peers.empty()) peers_ = message.peers;
  }
  watchers_.set_node_timeout(stream, message.node_timeout);
  if (message.want_view) watchers_.want_view(stream);
  if (message.report_nonce == 0) return watchers_.heard(stream);
  const std::uint64_t round = ask_now();
  watchers_.want_report(stream, message.report_nonce, round);
  if (round == 0) refresh();
}

// The lock and the silence say all there is to say.
bool AgentCore::knows_without_asking() const {
  return state_.condition == ServerCondition::kDown || state_.condition == ServerCondition::kStarting ||
         state_.condition == ServerCondition::kHung;
}

void AgentCore::sample(bool want_view, Sampled done) {
  const std::uint64_t round = ask_now();
  waiters_.push_back({round, want_view, std::move(done)});
  if (round != 0) return;
  scheduler_.post([this, alive = alive_.watch()] {
    if (alive.expired()) return;
    refresh();
    answer_waiters(0, unavailable("server", "it is not connected"));
  });
}

void AgentCore::answer_waiters(std::uint64_t round, const std::optional<Error>& failure) {
  std::list<Waiter> answered;  // a `done` may add new ones
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const auto next = std::next(it);
    if (it->round <= round) answered.splice(answered.end(), waiters_, it);
    it = next;
  }
  for (const auto& waiter : answered) {
    // Old state told as new would make a server that stalled look as it was: without the slots that it was just given, say.
    if (failure && !knows_without_asking()) {
      waiter.done(unavailable("server", "it could not be sampled: " + failure->detail));
      continue;
    }
    NodeState state = state_;
    if (waiter.wants_view && memory_.detail() != nullptr) state.view = memory_.detail()->nodes.view;
    waiter.done(std::move(state));
  }
}

int AgentCore::hand_over(HandOver::Say say) {
  note_change();
  watch_failover();
  return hand_over_.join(std::move(say));
}

// The next second's samples come close together: everybody waits for the end of a failover.
void AgentCore::watch_failover() {
  last_failover_ = scheduler_.now();
  arm_tick();
}

Result<void> AgentCore::heed_token(FenceToken token) {
  const FenceToken highest = volume_.token();
  if (auto checked = check_token(token, highest); !checked) return checked;
  if (token == highest) return {};
  auto kept = volume_.keep_token(token);
  if (!kept) log::error("the fence token could not be kept", {{"error", to_string(kept.error())}});
  return kept;
}

void AgentCore::execute(const rpc::Caller& caller, FenceToken token, command::Command command, rpc::AgentLink::Done done) {
  Result<void> allowed = check_access(caller, command, config_.pod);
  if (allowed && caller.kind == rpc::Caller::Kind::kCoordinator) {
    allowed = heed_token(token);
    if (allowed) coordinator_heard_ = scheduler_.now();
  }
  if (!allowed) {
    log::warn("command refused",
              {{"command", std::string(command::name_of(command))}, {"caller", caller.name}, {"error", to_string(allowed.error())}});
    return done(allowed.error());
  }
  run(command, std::move(done));
}

void AgentCore::run(const command::Command& command, rpc::AgentLink::Done done) {
  const bool may_move_roles = std::holds_alternative<command::Failover>(command) || std::holds_alternative<command::TakeTicket>(command);
  const std::string name(command::name_of(command));
  ++counters_.commands;
  commands_.run(command, [this, name, may_move_roles, done = std::move(done), alive = alive_.watch()](Result<command::Outcome> outcome) {
    if (alive.expired()) return;
    if (!outcome) {
      ++counters_.commands_failed;
      log::warn("command failed", {{"command", name}, {"error", to_string(outcome.error())}});
    } else if (!outcome->already_so) {
      log::info("command carried out", {{"command", name}});
      if (may_move_roles) watch_failover();
      note_change();
    }
    refresh();
    ask_now();
    done(std::move(outcome));
  });
}

}  // namespace shardkeeper::agent
