// `launch stop` against a scripted agent.
#include "agent/io/volume_layout.h"
#include "tests/support/wait_until.h"
#include "tests/unit/launch/test_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// Listens where an agent would, and does what the test says.
class ScriptedAgent {
 public:
  explicit ScriptedAgent(const std::filesystem::path& socket) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 1) != 0)
      throw std::runtime_error("listen");
  }
  ~ScriptedAgent() {
    hang_up();
    ::close(listener_);
  }
  ScriptedAgent(const ScriptedAgent&) = delete;
  ScriptedAgent& operator=(const ScriptedAgent&) = delete;

  // Accepts and RETURNS the first line.
  std::string hear() {
    peer_ = ::accept(listener_, nullptr, nullptr);
    std::string line;
    for (char c = 0; line.size() < 100 && ::read(peer_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  void say(const std::string& text) const {
    ASSERT_EQ(::send(peer_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }

 private:
  int listener_;
  int peer_ = -1;
};

class Stop : public testing::Test {
 protected:
  ChildProcess launch_stop(const char* grace_seconds) const {
    return ChildProcess(
        {.program = launch_program(), .arguments = {"stop", folder_.path().string(), grace_seconds}, .output = folder_ / "out"});
  }
  std::string output() const { return read_file(folder_ / "out"); }

  TempDir folder_;
};

TEST_F(Stop, ReturnsAtOnceWhereNobodyListens) {
  auto stop = launch_stop("30");
  EXPECT_EQ(stop.wait(5s), (ExitStatus{0, 0}));
  EXPECT_THAT(output(), HasSubstr("no agent listens on"));
}

TEST_F(Stop, ReturnsAtOnceWhereADeadAgentLeftItsSocket) {
  { const ScriptedAgent gone(folder_ / agent::layout::kAgentSocket); }
  auto stop = launch_stop("30");
  EXPECT_EQ(stop.wait(5s), (ExitStatus{0, 0}));
  EXPECT_THAT(output(), HasSubstr("Connection refused"));
}

TEST_F(Stop, ReturnsWithoutAVolume) {
  const auto ended = run({.program = launch_program(), .arguments = {"stop", (folder_ / "missing").string(), "30"}}, 5s);
  EXPECT_EQ(ended.status.code, 0);
}

TEST_F(Stop, WaitsForTheAgentsWordAndPassesLinesOn) {
  ScriptedAgent agent(folder_ / agent::layout::kAgentSocket);
  auto stop = launch_stop("600");
  EXPECT_EQ(agent.hear(), "stop");
  agent.say("asking pod-b to take ");
  agent.say("over\nwaiting\n");
  ASSERT_TRUE(wait_until([&] { return output() == "launch stop: asking pod-b to take over\nlaunch stop: waiting\n"; }));
  EXPECT_TRUE(stop.is_running());
  agent.say("done handed over to pod-b\n");
  EXPECT_EQ(stop.wait(5s), (ExitStatus{0, 0}));
  EXPECT_THAT(output(), HasSubstr("launch stop: done handed over to pod-b\n"));
}

TEST_F(Stop, ReturnsWhenTheAgentGoesAway) {
  ScriptedAgent agent(folder_ / agent::layout::kAgentSocket);
  auto stop = launch_stop("600");
  EXPECT_EQ(agent.hear(), "stop");
  agent.hang_up();
  EXPECT_EQ(stop.wait(5s), (ExitStatus{0, 0}));
  EXPECT_THAT(output(), HasSubstr("the agent went away"));
}

TEST_F(Stop, ReturnsWhenItsTimeIsOver) {
  ScriptedAgent agent(folder_ / agent::layout::kAgentSocket);
  const auto start = Clock::now();
  auto stop = launch_stop("2");  // half of a short grace period
  EXPECT_EQ(agent.hear(), "stop");
  EXPECT_EQ(stop.wait(10s), (ExitStatus{0, 0}));
  EXPECT_GE(Clock::now() - start, 1s);
  EXPECT_LT(Clock::now() - start, 5s);
  EXPECT_THAT(output(), HasSubstr("the time for a hand-over is over"));
}

TEST_F(Stop, ReturnsWhenItsTimeIsOverAndNobodyAccepts) {
  const ScriptedAgent agent(folder_ / agent::layout::kAgentSocket);  // a stopped agent: the kernel accepts for it
  std::vector<ChildProcess> stops;
  for (int i = 0; i < 4; ++i) stops.push_back(launch_stop("1"));  // more than its queue holds
  for (auto& stop : stops) EXPECT_EQ(stop.wait(10s), (ExitStatus{0, 0}));
}

TEST_F(Stop, AnEndlessLineIsNoAgents) {
  ScriptedAgent agent(folder_ / agent::layout::kAgentSocket);
  auto stop = launch_stop("600");
  EXPECT_EQ(agent.hear(), "stop");
  agent.say(std::string(4096, 'x'));
  EXPECT_EQ(stop.wait(5s), (ExitStatus{0, 0}));
}

}  // namespace
}  // namespace shardkeeper::test
