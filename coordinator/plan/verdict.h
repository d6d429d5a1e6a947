// What one check says: steps, reasons, and the shards that later checks may not touch.
#pragma once

#include "coordinator/model/decision.h"
#include "coordinator/plan/world.h"

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::plan {

using Claims = std::set<ShardId>;

constexpr std::chrono::seconds kGoneGrace{0};  // of pods whose server has ended already

struct Verdict {
  std::vector<model::Step> steps;
  std::vector<model::Finding> findings;
  Claims claims;
  std::optional<TimePoint> look_again_at;
  bool is_blind = false;  // what it judges by is being asked for: what it found before still holds

  void step(model::Action action, model::Reason why, std::string detail = {}) {
    steps.push_back({std::move(action), why, std::move(detail)});
  }
  void order(const Member& member, command::Command command, model::Reason why, std::string detail = {}) {
    step(model::Order{member.name(), std::move(command)}, why, std::move(detail));
  }
  void hold(model::Reason reason, std::string subject, std::string detail) {
    findings.push_back({reason, std::move(subject), std::move(detail)});
  }
  void look_again(TimePoint at) {
    if (!look_again_at || at < *look_again_at) look_again_at = at;
  }
};

// A check owns one concern. No clock, IO, logging or chance; `history` is the only memory, and a check changes its own part of it.
using Check = Verdict (*)(const World& world, const Claims& claimed, model::History& history);

}  // namespace shardkeeper::plan
