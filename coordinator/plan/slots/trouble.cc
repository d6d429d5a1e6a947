#include "coordinator/plan/slots/trouble.h"

#include <algorithm>

namespace shardkeeper::plan {
namespace {

constexpr Duration kFirstWait = std::chrono::seconds(1);
// Somebody may have made room or repaired a server meanwhile.
constexpr Duration kGivenUpFor = std::chrono::minutes(5);

Duration wait_after(int attempts) { return attempts >= kAttemptsMax ? kGivenUpFor : kFirstWait * (1 << (attempts - 1)); }

}  // namespace

void note_failure(Troubles& troubles, const SlotSet& slots, const std::string& error, TimePoint now) {
  const int attempts = attempts_of(troubles, slots) + 1;
  for (auto& trouble : troubles) trouble.slots = trouble.slots.without(slots);
  std::erase_if(troubles, [](const model::SlotTrouble& t) { return t.slots.empty(); });
  const TimePoint not_before = now + wait_after(attempts);
  // The last halving was tried: smaller pieces would only make the report longer.
  const SlotSet first = attempts < kAttemptsMax ? lowest(slots, (slots.count() + 1) / 2) : slots;
  const SlotSet second = slots.without(first);
  troubles.push_back({first, attempts, not_before, error});
  if (!second.empty()) troubles.push_back({second, attempts, not_before, error});
  std::ranges::sort(troubles, {}, &model::SlotTrouble::slots);
}

void keep_only(Troubles& troubles, const SlotSet& slots) {
  for (auto& trouble : troubles) trouble.slots = trouble.slots.common_with(slots);
  std::erase_if(troubles, [](const model::SlotTrouble& t) { return t.slots.empty(); });
}

int attempts_of(const Troubles& troubles, const SlotSet& slots) {
  int attempts = 0;
  for (const auto& trouble : troubles)
    if (trouble.slots.overlaps(slots)) attempts = std::max(attempts, trouble.attempts);
  return attempts;
}

SlotSet due(const Troubles& troubles, const SlotSet& slots, TimePoint now) {
  SlotSet untroubled = slots;
  for (const auto& trouble : troubles) untroubled = untroubled.without(trouble.slots);
  if (!untroubled.empty()) return untroubled;
  const model::SlotTrouble* first = nullptr;
  for (const auto& trouble : troubles)
    if (trouble.not_before <= now && trouble.slots.overlaps(slots) && (first == nullptr || trouble.not_before < first->not_before))
      first = &trouble;
  return first == nullptr ? SlotSet() : first->slots.common_with(slots);
}

}  // namespace shardkeeper::plan
