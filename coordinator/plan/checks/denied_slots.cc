#include "coordinator/plan/checks/checks.h"

namespace shardkeeper::plan {
namespace {

// Longer than a view takes to follow a promotion: until then a new owner's word may simply not have been heard.
constexpr Duration kDeniedFor = std::chrono::seconds(2);

// Slots that others give to the member, while neither it nor anybody else says to own them.
SlotSet denied_by(const World& world, const Member& member) {
  SlotSet denied;
  for (const auto* view : world.distinct_views)
    if (const auto* row = view->find(*member.id); row != nullptr && row->role == Role::kPrimary)
      denied = denied.united(row->slots.without(member.state->slots));
  if (denied.empty()) return denied;
  for (const auto& other : world.members)
    if (other.owns_slots()) denied = denied.without(other.state->slots);
  for (const auto* view : world.distinct_views)
    for (const auto& row : view->rows)
      if (row.id != *member.id && row.role == Role::kPrimary) denied = denied.without(row.slots);
  return denied;
}

}  // namespace

// Somebody took slots away with CLUSTER DELSLOTS: that is told to nobody else, so only the owner knows, and writes to them fail.
Verdict check_denied_slots(const World& world, const Claims& claimed, model::History& history) {
  Verdict verdict;
  decltype(history.denied) still;
  if (world.views_known && world.everybody_heard()) {
    for (const auto& member : world.members) {
      if (!member.owns_slots() || !member.id || (member.shard && claimed.contains(*member.shard))) continue;
      const SlotSet denied = denied_by(world, member);
      if (denied.empty()) continue;
      const auto before = history.denied.find(member.name());
      const bool same = before != history.denied.end() && before->second.slots == denied;
      const TimePoint since = same ? before->second.since : world.now();
      still[member.name()] = {denied, since};
      verdict.look_again(since + kDeniedFor);
      if (world.now() - since >= kDeniedFor)
        verdict.order(member, command::AddSlots{denied}, model::Reason::kUnassignedSlots,
                      "its peers say that it owns them, it says that it does not, and nobody else does");
    }
  }
  history.denied = std::move(still);
  return verdict;
}

}  // namespace shardkeeper::plan
