#include "bench/support/http_get.h"
#include "bench/support/process_cost.h"

#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;

TEST(ProcessCost, CountsMemoryAndTheProcessorTimeOfAllThreads) {
  const ProcessCost before = cost_of(::getpid());
  EXPECT_GT(before.rss_mib, before.anonymous_mib);
  EXPECT_GT(before.anonymous_mib, 0);
  std::atomic<bool> measured = false;
  std::thread busy([&] {
    while (!measured) {}
  });
  EXPECT_TRUE(test::wait_until([&] { return cost_of(::getpid()).cpu > before.cpu + 20ms; }));
  measured = true;
  busy.join();
}

TEST(ProcessCost, OfASleeperIsNothing) {
  const test::ChildProcess child({.program = "/bin/sleep", .arguments = {"60"}});
  EXPECT_LT(idle_cpu_percent(child.pid(), 200ms), 5);
}

TEST(ProcessCost, OfNoProcessIsAnError) {
  test::ChildProcess child({.program = "/bin/true"});
  const pid_t pid = child.pid();
  child.kill();
  EXPECT_THROW(cost_of(pid), std::runtime_error);
}

TEST(HttpGet, IsAZeroStatusWhenNobodyTalksHttp) {
  const test::LoopbackBlock block;
  EXPECT_EQ(http_get(block.address(1), 80, "/").status, 0);
  const test::TempDir folder;
  const test::ValkeyProcess server({.program = test::valkey_server(test::ValkeyLine::k9),
                                    .ip = block.address(1),
                                    .folder = folder.path(),
                                    .mode = test::ValkeyOptions::Mode::kStandalone});
  EXPECT_EQ(http_get(block.address(1), 6379, "/", 500ms).status, 0);
}

}  // namespace
}  // namespace shardkeeper::bench
