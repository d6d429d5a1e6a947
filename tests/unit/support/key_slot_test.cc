#include "tests/support/key_slot.h"

#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"

#include "common/types/slot_set.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace shardkeeper::test {
namespace {

TEST(KeySlot, KnowsTheReferenceValue) { EXPECT_EQ(key_slot("123456789"), 0x31C3 % kSlotCount); }

TEST(KeySlot, LooksAtTheFirstFullBracesOnly) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_NE(key_slot("foo{}{bar}"), key_slot("bar"));
}

TEST(TagOfSlot, IsOfItsSlot) {
  for (int slot = 0; slot < kSlotCount; ++slot) ASSERT_EQ(key_slot("{" + tag_of_slot(slot) + "}x"), slot);
}

TEST(KeySlot, AgreesWithRealServers) {
  std::mt19937 random(3);
  std::vector<std::string> keys{"", "{", "}", "{}", "a{}b", "a{b", "a}b{c}", std::string("\0\xff{\r\n}", 6)};
  for (int i = 0; i < 200; ++i) {
    std::string key;
    for (unsigned left = random() % 20; left > 0; --left) key += "ab{}\x80\n"[random() % 6];
    keys.push_back(key);
  }
  for (const ValkeyLine line : kValkeyLines) {
    const TempDir folder;
    const LoopbackBlock block;
    const ValkeyProcess server({.program = valkey_server(line), .ip = block.address(1), .folder = folder.path()});
    for (const std::string& key : keys)
      EXPECT_EQ(server.call({"CLUSTER", "KEYSLOT", key}).integer, key_slot(key)) << testing::PrintToString(key);
  }
}

}  // namespace
}  // namespace shardkeeper::test
