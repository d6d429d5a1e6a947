#include "common/types/slot_set.h"

#include "common/error/check.h"

#include <algorithm>
#include <charconv>

namespace shardkeeper {

SlotSet SlotSet::of(int first, int last) {
  SlotSet set;
  set.add({first, last});
  return set;
}

void SlotSet::add(SlotRange range) {
  SK_CHECK(0 <= range.first && range.first <= range.last && range.last < kSlotCount, "slot range");
  // The first range that touches or lies behind the new one; everything that touches it is swallowed.
  auto begin = std::ranges::lower_bound(ranges_, range.first - 1, {}, &SlotRange::last);
  auto end = begin;
  while (end != ranges_.end() && end->first <= range.last + 1) {
    range.first = std::min(range.first, end->first);
    range.last = std::max(range.last, end->last);
    ++end;
  }
  begin = ranges_.erase(begin, end);
  ranges_.insert(begin, range);
}

bool SlotSet::contains(int slot) const {
  const auto it = std::ranges::lower_bound(ranges_, slot, {}, &SlotRange::last);
  return it != ranges_.end() && it->first <= slot;
}

int SlotSet::count() const {
  int total = 0;
  for (const auto& range : ranges_) total += range.size();
  return total;
}

SlotSet SlotSet::united(const SlotSet& other) const {
  SlotSet result = *this;
  for (const auto& range : other.ranges_) result.add(range);
  return result;
}

SlotSet SlotSet::common_with(const SlotSet& other) const {
  SlotSet result;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const int first = std::max(a->first, b->first);
    const int last = std::min(a->last, b->last);
    if (first <= last) result.ranges_.push_back({first, last});
    a->last < b->last ? ++a : ++b;
  }
  return result;
}

SlotSet SlotSet::without(const SlotSet& other) const {
  SlotSet result;
  auto b = other.ranges_.begin();
  for (auto left : ranges_) {
    while (b != other.ranges_.end() && b->last < left.first) ++b;
    for (auto c = b; c != other.ranges_.end() && c->first <= left.last; ++c) {
      if (left.first < c->first) result.ranges_.push_back({left.first, c->first - 1});
      left.first = c->last + 1;
    }
    if (left.first <= left.last) result.ranges_.push_back(left);
  }
  return result;
}

bool SlotSet::overlaps(const SlotSet& other) const {
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    if (std::max(a->first, b->first) <= std::min(a->last, b->last)) return true;
    a->last < b->last ? ++a : ++b;
  }
  return false;
}

Result<SlotSet> SlotSet::parse(std::string_view text) {
  SlotSet set;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    SlotRange range;
    auto parsed = std::from_chars(at, end, range.first);
    range.last = range.first;
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '-') parsed = std::from_chars(parsed.ptr + 1, end, range.last);
    const bool in_bounds = range.first >= 0 && range.first <= range.last && range.last < kSlotCount;
    if (parsed.ec != std::errc{} || !in_bounds || (parsed.ptr != end && *parsed.ptr != ','))
      return invalid("slots", "expected ranges like 0-99,200 within 0..16383, got \"" + std::string(text.substr(0, 60)) + "\"");
    set.add(range);
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  return set;
}

std::string to_string(const SlotSet& slots) {
  std::string text;
  for (const auto& range : slots.ranges()) {
    if (!text.empty()) text += ',';
    text += std::to_string(range.first);
    if (range.last != range.first) text += '-' + std::to_string(range.last);
  }
  return text;
}

}  // namespace shardkeeper
