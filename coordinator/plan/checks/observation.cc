#include "coordinator/plan/checks/checks.h"

namespace shardkeeper::plan {

Verdict check_observation(const World& world, const Claims&, model::History&) {
  Verdict verdict;
  std::set<std::uint64_t> asked;  // one holder of an unknown hash is enough
  for (const auto& member : world.members) {
    if (member.is_up() && member.view == nullptr && member.state->view_hash != 0 && asked.insert(member.state->view_hash).second)
      verdict.step(model::AskView{member.name()}, model::Reason::kViewUnknown, "its topology hash is new");
    if (member.presence == Presence::kUnheard) {
      verdict.hold(model::Reason::kAgentSilent, model::about(member.name()), "its agent has not been heard since this coordinator started");
      verdict.look_again(member.info->first_seen + world.spec().node_timeout);
    }
    if (member.presence == Presence::kSilent)
      verdict.hold(model::Reason::kAgentSilent, model::about(member.name()),
                   "its agent has been silent for longer than the node timeout; unreachable is not dead");
  }
  return verdict;
}

}  // namespace shardkeeper::plan
