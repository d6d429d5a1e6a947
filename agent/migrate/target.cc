#include "agent/migrate/target.h"

namespace shardkeeper::agent {
namespace {

constexpr int kTriesMax = 3;

bool is_worth_another_try(const Error& error) { return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kUnknownOutcome; }

// 200 ms, 400 ms.
Duration pause_before(int tries_left) { return std::chrono::milliseconds(200 << (kTriesMax - 1 - tries_left)); }

}  // namespace

void Target::set_slots(const command::SetSlots& step, std::function<void(Result<void>)> done) {
  set_slots_again(step, kTriesMax, std::move(done));
}

void Target::set_slots_again(const command::SetSlots& step, int tries_left, std::function<void(Result<void>)> done) {
  calls_.execute(
      peer_, step,
      [this, step, tries_left = tries_left - 1, done = std::move(done), alive = alive_.watch()](const Result<command::Outcome>& outcome) {
        if (alive.expired()) return;
        if (outcome) return done({});
        if (tries_left == 0 || !is_worth_another_try(outcome.error())) return done(outcome.error());
        later_ = scheduler_.after(pause_before(tries_left), [this, step, tries_left, done] { set_slots_again(step, tries_left, done); });
      });
}

void Target::sample(std::function<void(Result<NodeState>)> done) { sample_again(kTriesMax, std::move(done)); }

void Target::sample_again(int tries_left, std::function<void(Result<NodeState>)> done) {
  calls_.sample(peer_, [this, tries_left = tries_left - 1, done = std::move(done), alive = alive_.watch()](Result<NodeState> sampled) {
    if (alive.expired()) return;
    Result<NodeState> checked = sampled ? check(std::move(*sampled)) : std::move(sampled);
    if (checked || tries_left == 0 || !is_worth_another_try(checked.error())) return done(std::move(checked));
    later_ = scheduler_.after(pause_before(tries_left), [this, tries_left, done] { sample_again(tries_left, done); });
  });
}

Result<NodeState> Target::check(NodeState state) const {
  const std::string where = "target " + peer_.pod.value;
  if (state.condition != ServerCondition::kUp) return unavailable(where, "its server is " + std::string(to_string(state.condition)));
  if (state.node_id != node_)
    return conflict(
        where, "its server is node " + (state.node_id ? state.node_id->short_form() : "?") + " now, the job is for " + node_.short_form());
  if (state.role != Role::kPrimary) return conflict(where, "its server is a replica now");
  return state;
}

}  // namespace shardkeeper::agent
