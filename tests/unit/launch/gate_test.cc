// The start gate by architecture §3, on real servers.
#include "agent/io/gate_files.h"
#include "agent/io/volume_layout.h"
#include "tests/unit/launch/test_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;
namespace layout = agent::layout;

class Gate : public testing::TestWithParam<ValkeyLine> {
 protected:
  const ValkeyLine line_ = GetParam();
  LoopbackBlock block_;
  TestPod pod_{"pod-a", block_.address(1)};
};

INSTANTIATE_TEST_SUITE_P(Valkey, Gate, testing::ValuesIn(kValkeyLines), [](const auto& info) { return to_string(info.param); });

TEST_P(Gate, StaysShutWithoutAGrant) {
  pod_.launch(valkey_server(line_));
  ASSERT_FALSE(pod_.wait_for_request().empty());
  const GateState gate = pod_.volume().gate();
  EXPECT_TRUE(gate.is_waiting());
  EXPECT_EQ(gate.request->version.major, line_ == ValkeyLine::k8 ? 8 : 9);
  EXPECT_FALSE(pod_.loop_until([&] { return pod_.volume().gate().lock_held || !pod_.server().is_running(); }, 100ms));
}

TEST_P(Gate, StaysShutWithTheGrantOfAnotherStart) {
  pod_.launch(valkey_server(line_));
  const StartId id = pod_.wait_for_request();
  for (const std::string& grant : {std::string(32, 'a'), id.value.substr(0, 31), id.value + "0"}) {
    ASSERT_TRUE(agent::write_grant(pod_.dir(), StartId(grant), "not for you"));
    EXPECT_FALSE(pod_.loop_until([&] { return pod_.volume().gate().lock_held || !pod_.server().is_running(); }, 50ms)) << grant;
  }
  write_file(pod_ / layout::kGrant, id.value);  // not whole: its line has no end
  EXPECT_FALSE(pod_.loop_until([&] { return pod_.volume().gate().lock_held; }, 50ms));
  ASSERT_TRUE(pod_.volume().grant(id, "this is the one"));
  EXPECT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().lock_held; }));
}

TEST_P(Gate, OpensForItsGrantAndUsesItUp) {
  pod_.launch(valkey_server(line_));
  const StartId id = pod_.wait_for_request();
  ASSERT_TRUE(pod_.volume().grant(id, "nobody lists another node here"));
  const auto granted = std::chrono::steady_clock::now();
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().lock_held; }));
  std::printf(
      "lock taken %lld us after the grant\n",
      static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - granted).count()));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << pod_.log();
  EXPECT_FALSE(fs::exists(pod_ / layout::kGrant));
  EXPECT_FALSE(pod_.volume().gate().start_granted);
  EXPECT_THAT(pod_.log(), HasSubstr("granted because: nobody lists another node here\n"));
  EXPECT_FALSE(pod_.volume().grant(id, "again")) << "a server runs";
}

TEST_P(Gate, EveryStartIsANewNodeAndNeedsAGrantOfItsOwn) {
  pod_.launch(valkey_server(line_));
  const StartId first_start = pod_.wait_for_request();
  ASSERT_TRUE(pod_.volume().grant(first_start, "a first node"));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << pod_.log();
  const std::string first_id = pod_.as_agent(line_, {"CLUSTER", "MYID"});
  EXPECT_FALSE(pod_.volume().gate().request) << "nobody waits any more";
  write_file(pod_ / "dump.rdb", "old data");
  write_file(pod_ / "temp-17.rdb", "old data");
  pod_.server().kill();
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().is_known_dead(); }));
  EXPECT_EQ(pod_.volume().last_life()->node_id.str(), first_id) << "from nodes.conf in its place";

  pod_.launch(valkey_server(line_));
  const StartId second_start = pod_.wait_for_request();
  EXPECT_NE(second_start, first_start);
  EXPECT_TRUE(pod_.volume().gate().is_waiting());
  EXPECT_FALSE(fs::exists(pod_ / layout::kNodesConf));
  EXPECT_THAT(read_file(pod_ / layout::kLastNodesConf), HasSubstr(first_id));
  EXPECT_EQ(pod_.volume().last_life()->node_id.str(), first_id) << "from last/nodes.conf";
  EXPECT_FALSE(fs::exists(pod_ / "dump.rdb"));
  EXPECT_FALSE(fs::exists(pod_ / "temp-17.rdb"));
  EXPECT_FALSE(pod_.volume().grant(first_start, "the old one again"));

  ASSERT_TRUE(pod_.volume().grant(second_start, "a new node"));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << pod_.log();
  EXPECT_NE(pod_.as_agent(line_, {"CLUSTER", "MYID"}), first_id);
}

TEST_P(Gate, AGrantThatNobodyUsedIsVoidForTheNextStart) {
  pod_.launch(valkey_server(line_));
  const StartId first = pod_.wait_for_request();
  pod_.server().kill();
  ASSERT_TRUE(pod_.volume().grant(first, "too late"));
  pod_.launch(valkey_server(line_));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().request && pod_.volume().gate().request->id != first; }));
  EXPECT_TRUE(pod_.volume().gate().is_waiting());
  EXPECT_FALSE(fs::exists(pod_ / layout::kGrant));
}

TEST_P(Gate, SigtermAtTheGateEndsItAtOnce) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    pod_.launch(valkey_server(line_));
    ASSERT_FALSE(pod_.wait_for_request().empty());
    pod_.server().signal(number);
    const auto status = pod_.server().wait(10s);
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, (ExitStatus{128 + number, 0}));
    fs::remove(pod_ / layout::kRequest);
  }
}

TEST_P(Gate, ASecondLaunchLeavesARunningServerAlone) {
  pod_.start(line_);
  const std::string nodes_conf = read_file(pod_ / layout::kNodesConf);
  const auto second = run({.program = launch_program(), .arguments = {pod_.dir().string(), valkey_server(line_).string()}}, 10s);
  EXPECT_EQ(second.status.code, 5);
  EXPECT_THAT(second.output, HasSubstr("a server already runs on"));
  EXPECT_EQ(read_file(pod_ / layout::kNodesConf), nodes_conf);
  EXPECT_TRUE(pod_.answers(line_));
}

TEST_P(Gate, TwoLaunchesCannotBothGetThrough) {
  pod_.launch(valkey_server(line_));
  const StartId first = pod_.wait_for_request();
  ChildProcess second(
      {.program = launch_program(), .arguments = {pod_.dir().string(), valkey_server(line_).string()}, .output = pod_ / "second.log"});
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.volume().gate().request && pod_.volume().gate().request->id != first; }));
  ASSERT_FALSE(pod_.volume().grant(first, "no longer the newest"));
  ASSERT_TRUE(pod_.volume().grant(pod_.volume().gate().request->id, "the newest"));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << read_file(pod_ / "second.log");
  EXPECT_THAT(read_file(pod_ / "second.log"), HasSubstr("granted because"));
  EXPECT_THAT(pod_.log(), Not(HasSubstr("granted because")));
  second.kill();
}

// What the server inherits from launch: no core file, no blocked signal, and the path as it was given.
TEST_P(Gate, TheServerStartsClean) {
  sigset_t blocked, before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pod_.launch(valkey_server(line_));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(pod_.volume().grant(pod_.wait_for_request(), "test"));
  ASSERT_TRUE(pod_.loop_until([&] { return pod_.answers(line_); })) << pod_.log();
  const fs::path proc = "/proc/" + std::to_string(pod_.server().pid());
  EXPECT_THAT(read_file(proc / "limits"), testing::ContainsRegex("Max core file size +0 +0"));
  EXPECT_THAT(read_file(proc / "status"), HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_EQ(pod_.server().terminate(20s), (ExitStatus{0, 0})) << "SIGTERM reaches the server";
}

}  // namespace
}  // namespace shardkeeper::test
