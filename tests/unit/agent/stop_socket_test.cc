#include "agent/io/stop_socket.h"

#include "tests/support/temp_dir.h"
#include "tests/unit/agent/loop_client.h"

#include <gtest/gtest.h>

#include <map>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;

class StopSocketTest : public testing::Test {
 protected:
  StopSocketTest() { start(); }
  void start() {
    StopSocket::Handler handler;
    handler.join = [this](HandOver::Say say) {
      callers_[++last_id_] = std::move(say);
      return last_id_;
    };
    handler.leave = [this](int id) { callers_.erase(id); };
    auto socket = StopSocket::start(loop_.context(), path(), handler);
    ASSERT_TRUE(socket) << to_string(socket.error());
    socket_ = *std::move(socket);
  }
  std::string path() const { return (folder_ / "agent.sock").string(); }
  test::LoopClient client() { return test::LoopClient::unix_socket(loop_, path()); }
  void say(const std::string& line) {
    for (const auto& [id, caller] : std::map(callers_)) caller(line);
  }

  test::TempDir folder_;
  test::Loop loop_;
  std::map<int, HandOver::Say> callers_;
  int last_id_ = 0;
  std::unique_ptr<StopSocket> socket_;
};

TEST_F(StopSocketTest, PassesLinesOnUntilTheLast) {
  auto caller = client();
  caller.send("st");
  loop_.run_for(10ms);
  EXPECT_TRUE(callers_.empty());
  caller.send("op\n");
  loop_.run_for(10ms);
  ASSERT_EQ(callers_.size(), 1U);
  say("handing over to x");
  say("done handed over to x");
  EXPECT_EQ(caller.read_to_end(), "handing over to x\ndone handed over to x\n");
}

TEST_F(StopSocketTest, NoticesACallerThatGoesAway) {
  auto caller = client();
  caller.send("stop\n");
  loop_.run_for(10ms);
  ASSERT_EQ(callers_.size(), 1U);
  const auto say_to_the_gone = callers_.begin()->second;
  caller.close();
  loop_.run_for(10ms);
  EXPECT_TRUE(callers_.empty());
  say_to_the_gone("done late");
}

TEST_F(StopSocketTest, CutsOffGarbage) {
  for (const std::string& garbage : {std::string("stop it\n"), std::string("GET / HTTP/1.1\r\n"), std::string(1000, 's')}) {
    auto caller = client();
    caller.send(garbage);
    EXPECT_EQ(caller.read_to_end(), "") << garbage;
  }
  EXPECT_EQ(last_id_, 0);
}

TEST_F(StopSocketTest, ServesFourAtATime) {
  std::vector<test::LoopClient> callers;
  for (int i = 0; i < 4; ++i) callers.push_back(client());
  for (auto& caller : callers) caller.send("stop\n");
  loop_.run_for(20ms);
  EXPECT_EQ(callers_.size(), 4U);
  EXPECT_EQ(client().read_to_end(), "");
}

TEST_F(StopSocketTest, ReplacesWhatAnEarlierAgentLeft) {
  socket_.reset();
  start();
  EXPECT_TRUE(client().is_connected());
}

}  // namespace
}  // namespace shardkeeper::agent
