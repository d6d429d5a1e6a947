// A set of hash slots, 0..16383, kept as sorted ranges that neither touch nor overlap.
#pragma once

#include "common/error/result.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper {

inline constexpr int kSlotCount = 16384;

// Inclusive at both ends.
struct SlotRange {
  int first = 0;
  int last = 0;

  int size() const { return last - first + 1; }
  auto operator<=>(const SlotRange&) const = default;
};

class SlotSet {
 public:
  SlotSet() = default;
  static SlotSet all() { return of(0, kSlotCount - 1); }
  // REQUIRES 0 <= first <= last <= 16383.
  static SlotSet of(int first, int last);
  // Reads "0-99,200" as printed by to_string; an empty text is the empty set. ERRORS kInvalid.
  static Result<SlotSet> parse(std::string_view text);

  // REQUIRES 0 <= first <= last <= 16383. Cost: linear in ranges; appending in order is constant.
  void add(SlotRange range);
  void add(int slot) { add({slot, slot}); }
  bool contains(int slot) const;
  bool empty() const { return ranges_.empty(); }
  int count() const;
  const std::vector<SlotRange>& ranges() const { return ranges_; }

  SlotSet united(const SlotSet& other) const;
  SlotSet without(const SlotSet& other) const;
  SlotSet common_with(const SlotSet& other) const;
  bool overlaps(const SlotSet& other) const;

  auto operator<=>(const SlotSet&) const = default;

 private:
  std::vector<SlotRange> ranges_;
};

// "0-99,200"; "" for the empty set.
std::string to_string(const SlotSet& slots);

}  // namespace shardkeeper
