#include "coordinator/plan/decide.h"

#include "coordinator/plan/checks/checks.h"
#include "coordinator/plan/placement/membership.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace shardkeeper::plan {
namespace {

using model::Decision;
using model::Reason;

struct NamedCheck {
  std::string_view name;
  Check check;
};

// Order is policy: an earlier check may claim shards that later ones then leave alone. The table in coordinator/README.md says the same.
constexpr std::array kChecks{
    NamedCheck{"observation", check_observation},  // what is not known is asked for
    NamedCheck{"gates", check_gates},              // nobody starts while a replica could be wiped
    NamedCheck{"new nodes", check_new_nodes},      // distinct epochs before anything else
    NamedCheck{"islands", check_islands},          // meet
    NamedCheck{"failover", check_failover},        // a shard without a primary outranks everything below
    NamedCheck{"hung", check_hung},
    NamedCheck{"ghosts", check_ghosts},  // after failover: an id with slots is an heir's business first
    NamedCheck{"coverage", check_coverage},
    NamedCheck{"denied slots", check_denied_slots},
    NamedCheck{"half-open slots", check_half_open},  // before more slots move
    NamedCheck{"replicas", check_replicas},
    NamedCheck{"mistaken", check_mistaken},
    NamedCheck{"pods", check_pods},
    NamedCheck{"moves", check_moves},
    NamedCheck{"leaving shards", check_leaving},
    NamedCheck{"upkeep", check_upkeep},
};

// While the user has paused the cluster only what keeps data safe and served goes on.
bool goes_on_while_paused(const model::Step& step) {
  if (const auto* order = std::get_if<model::Order>(&step.action))
    return std::holds_alternative<command::GrantStart>(order->command) || std::holds_alternative<command::Unfence>(order->command) ||
           step.why == Reason::kSettled;
  return std::holds_alternative<model::Promote>(step.action) || std::holds_alternative<model::AskReport>(step.action) ||
         std::holds_alternative<model::AskView>(step.action) || std::holds_alternative<model::SetPodCondition>(step.action) ||
         std::holds_alternative<model::LabelPod>(step.action);
}

void mark_leaving(World& world, const model::History& history) {
  for (const auto& [id, shard] : world.shards) {
    for (const auto index : surplus_of(world, shard)) world.members[index].leaving = true;
    if (history.released.contains(id) && is_without_slots(world, id))
      for (const auto index : shard.members) world.members[index].leaving = true;
  }
}

// Steps that are in flight are spent; steps that failed lately wait, and say so.
void admit(const World& world, std::vector<model::Step> steps, Decision& decision) {
  std::set<std::string> taken;
  for (auto& step : steps) {
    const std::string key = key_of(step);
    if (world.in_flight(key) || !taken.insert(key).second) continue;
    if (world.spec().paused && !goes_on_while_paused(step)) {
      decision.findings.push_back({Reason::kPaused, "cluster", "spec.paused holds: " + to_string(step)});
      continue;
    }
    const auto failure = world.snapshot().failures.find(key);
    if (failure != world.snapshot().failures.end()) {
      const auto pod = pod_of(step);
      decision.findings.push_back(
          {std::holds_alternative<model::CreatePod>(step.action) ? Reason::kCannotPlace : Reason::kStepFailed,
           pod ? model::about(*pod) : "cluster",
           to_string(step) + " failed " + std::to_string(failure->second.count) + " times: " + failure->second.error});
      if (world.now() < failure->second.not_before) {
        if (!decision.look_again_at || failure->second.not_before < *decision.look_again_at)
          decision.look_again_at = failure->second.not_before;
        continue;
      }
    }
    decision.steps.push_back(std::move(step));
  }
}

// Views are asked for again and again while slots move; what is said must not come and go with them, for each coming is an event.
void remember(std::string_view check, Verdict& verdict, model::History& history) {
  const auto said = history.said.find(check);
  if (verdict.is_blind) {
    if (said != history.said.end()) verdict.findings = said->second;
  } else if (!verdict.findings.empty()) {
    history.said.insert_or_assign(std::string(check), verdict.findings);
  } else if (said != history.said.end()) {
    history.said.erase(said);
  }
}

}  // namespace

model::Outcome decide(const model::Snapshot& snapshot, const model::History& history) {
  model::Outcome outcome{{}, history};
  World world(snapshot, history);
  mark_leaving(world, history);
  Claims claimed;
  std::vector<model::Step> steps;
  auto& decision = outcome.decision;
  for (const auto& [name, check] : kChecks) {
    Verdict verdict = check(world, claimed, outcome.history);
    remember(name, verdict, outcome.history);
    std::ranges::move(verdict.steps, std::back_inserter(steps));
    std::ranges::move(verdict.findings, std::back_inserter(decision.findings));
    claimed.insert(verdict.claims.begin(), verdict.claims.end());
    // A wait that has ended is no reason to look again: the pass after it would find the same.
    if (verdict.look_again_at && *verdict.look_again_at > world.now() &&
        (!decision.look_again_at || *verdict.look_again_at < *decision.look_again_at))
      decision.look_again_at = verdict.look_again_at;
  }
  admit(world, std::move(steps), decision);
  std::ranges::sort(decision.findings);
  const auto repeated = std::ranges::unique(decision.findings);
  decision.findings.erase(repeated.begin(), repeated.end());
  return outcome;
}

}  // namespace shardkeeper::plan
