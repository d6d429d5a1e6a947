#include "common/types/slot_set.h"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

namespace shardkeeper {
namespace {

TEST(SlotSet, JoinsRangesThatTouch) {
  SlotSet set = SlotSet::of(10, 20);
  set.add({30, 40});
  set.add({21, 29});
  EXPECT_EQ(to_string(set), "10-40");
}

TEST(SlotSet, PrintsWhatItParses) {
  for (const char* text : {"", "0", "0-16383", "1-3,5,7-9"}) EXPECT_EQ(to_string(SlotSet::parse(text).value()), text);
}

TEST(SlotSet, RefusesWhatIsNoSlotSet) {
  for (const char* text : {"-1", "16384", "5-4", "1,,2", "1-", "a", "1 ", "1,2x"}) EXPECT_FALSE(SlotSet::parse(text)) << text;
}

// The ranges must agree with a plain bit per slot, whatever is done to them.
TEST(SlotSet, AgreesWithABitmap) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    SlotSet a, b;
    std::bitset<kSlotCount> bits_a, bits_b;
    for (int i = 0; i < 40; ++i) {
      const int first = static_cast<int>(random() % 300), last = first + static_cast<int>(random() % 20);
      SlotSet& set = i % 2 == 0 ? a : b;
      auto& bits = i % 2 == 0 ? bits_a : bits_b;
      set.add({first, last});
      for (int slot = first; slot <= last; ++slot) bits.set(static_cast<std::size_t>(slot));
    }
    const auto same = [](const SlotSet& set, const std::bitset<kSlotCount>& bits) {
      for (int slot = 0; slot < 400; ++slot)
        if (set.contains(slot) != bits.test(static_cast<std::size_t>(slot))) return false;
      return set.count() == static_cast<int>(bits.count());
    };
    EXPECT_TRUE(same(a, bits_a));
    EXPECT_TRUE(same(a.united(b), bits_a | bits_b));
    EXPECT_TRUE(same(a.without(b), bits_a & ~bits_b));
    EXPECT_TRUE(same(a.common_with(b), bits_a & bits_b));
    EXPECT_EQ(a.overlaps(b), (bits_a & bits_b).any());
  }
}

}  // namespace
}  // namespace shardkeeper
