// "Lock held ⇔ server alive", on real servers.
#include "agent/io/volume_layout.h"
#include "tests/support/wait_until.h"
#include "tests/unit/launch/test_pod.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <sstream>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Lock : public testing::TestWithParam<ValkeyLine> {
 protected:
  // RETURNS how long the word of the lock took.
  std::chrono::microseconds until_known_dead() {
    const auto start = Clock::now();
    EXPECT_TRUE(pod_.loop_until([&, before = pod_.changes()] { return pod_.changes() > before; }));
    EXPECT_TRUE(pod_.volume().gate().is_known_dead());
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  }

  const ValkeyLine line_ = GetParam();
  LoopbackBlock block_;
  TestPod pod_{"pod-a", block_.address(1)};
};

INSTANTIATE_TEST_SUITE_P(Valkey, Lock, testing::ValuesIn(kValkeyLines), [](const auto& info) { return to_string(info.param); });

TEST_P(Lock, IsFreedByTheDeathOfTheServerAndTheAgentIsTold) {
  pod_.start(line_);
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.changes() > 0; }));
  pod_.server().signal(SIGKILL);
  const auto took = until_known_dead();
  std::printf("death known after %lld us\n", static_cast<long long>(took.count()));
}

TEST_P(Lock, IsFreedByAnOrderlyEndToo) {
  pod_.start(line_);
  pod_.as_agent(line_, {"SHUTDOWN", "NOSAVE"});
  EXPECT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().is_known_dead(); }));
}

TEST_P(Lock, IsHeldByAStoppedServer) {
  pod_.start(line_);
  pod_.server().signal(SIGSTOP);
  EXPECT_FALSE(pod_.loop_until([&] { return !pod_.volume().gate().lock_held; }, 200ms));
  pod_.server().signal(SIGKILL);
  EXPECT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().is_known_dead(); }));
}

TEST_P(Lock, IsSeenByAnAgentThatStartsLater) {
  pod_.start(line_);
  pod_.close_volume();
  pod_.open_volume();
  EXPECT_TRUE(pod_.volume().gate().lock_held);
  pod_.server().signal(SIGKILL);
  until_known_dead();
}

TEST_P(Lock, OfAServerThatDiedWhileTheAgentWasAwayIsFree) {
  pod_.start(line_);
  const std::string id = pod_.as_agent(line_, {"CLUSTER", "MYID"});
  pod_.close_volume();
  pod_.server().kill();
  pod_.open_volume();
  EXPECT_TRUE(pod_.volume().gate().is_known_dead());
  EXPECT_FALSE(pod_.volume().gate().start_granted);
  EXPECT_EQ(pod_.volume().last_life()->node_id.str(), id);
}

std::vector<pid_t> children_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::istringstream text(read_file("/proc/" + pid + "/task/" + pid + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; text >> child;) children.push_back(child);
  return children;
}

// A forked child that outlives its server must not keep the lock: the pod would look alive.
TEST_P(Lock, IsNotHeldByABackgroundSave) {
  pod_.launch(valkey_server(line_));
  const StartId id = pod_.wait_for_request();
  ASSERT_TRUE(pod_.volume().grant(id, "test"));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << pod_.log();
  // Saving is the default user's no more; a slow save needs a setting that only the agent may change.
  ASSERT_EQ(pod_.as_agent(line_, {"CONFIG", "SET", "rdb-key-save-delay", "10000000"}), "OK");
  ASSERT_EQ(pod_.as_agent(line_, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.as_client(line_, {"SET", "key", "value"}) == "OK"; }));
  ASSERT_EQ(pod_.as_agent(line_, {"CONFIG", "SET", "save", "1 1"}), "OK");
  std::vector<pid_t> children;
  ASSERT_TRUE(wait_until([&] { return !(children = children_of(pod_.server().pid())).empty(); })) << pod_.log();
  pod_.server().signal(SIGKILL);
  EXPECT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().is_known_dead(); }));
  EXPECT_EQ(kill(children.front(), 0), 0) << "the child still lives";
  for (const pid_t child : children) kill(child, SIGKILL);
}

}  // namespace
}  // namespace shardkeeper::test
