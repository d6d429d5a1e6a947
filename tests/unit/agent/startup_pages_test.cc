#include "agent/io/startup_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace shardkeeper::agent {
namespace {

// Memory of this process that files back, in KiB.
long file_pages_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (long kib = 0; word == "RssFile:" && status >> kib) return kib;
  return -1;
}

int written_before = 1;  // in a page that was written to: dropping it would bring the 1 of the file back

TEST(DropStartupPages, GivesCodeBackAndTheProgramRunsOn) {
  written_before = 2;
  const long before_kib = file_pages_kib();
  const std::size_t dropped = drop_startup_pages();
  const long after_kib = file_pages_kib();
  ASSERT_GT(before_kib, 0);
  EXPECT_GT(dropped, 0U);
  EXPECT_LT(after_kib, before_kib);
  EXPECT_EQ(written_before, 2);
  EXPECT_EQ(drop_startup_pages(), dropped) << "the mappings stay, only their pages go";
}

}  // namespace
}  // namespace shardkeeper::agent
