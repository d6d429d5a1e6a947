// Connections of which some cannot be made.
#include "agent/migrate/server_pool.h"

#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <set>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::FakeServerPort;

class ServerPoolTest : public testing::Test {
 protected:
  ServerPoolTest() { pool_.hold(); }

  std::unique_ptr<valkey::ServerPort> open() {
    auto port = std::make_unique<FakeServerPort>(scheduler_);
    if (!refused_.contains(static_cast<int>(opened_.size()))) port->connect();
    opened_.push_back(port.get());
    return port;
  }
  void want(std::size_t count) {
    answer_ = "none yet";
    pool_.want(count, [this](const Result<void>& stands) { answer_ = stands ? std::to_string(pool_.size()) : to_string(stands.error()); });
    scheduler_.run_posted();
  }

  test::FakeScheduler scheduler_;
  std::set<int> refused_;  // numbers of connections that do not come to stand
  std::vector<FakeServerPort*> opened_;
  FakeServerPort shared_{scheduler_};
  ServerPool pool_{scheduler_, [this] { return open(); }, shared_};
  std::string answer_;
};

TEST_F(ServerPoolTest, WaitsForAllThatAreWanted) {
  want(4);
  EXPECT_EQ(answer_, "4");
  want(2);
  EXPECT_EQ(answer_, "4") << "those that stand already";
}

TEST_F(ServerPoolTest, GoesOnWithoutTheOneThatIsRefused) {
  refused_ = {0, 2};
  want(4);
  EXPECT_EQ(answer_, "none yet");
  scheduler_.run_for(250ms);
  EXPECT_EQ(answer_, "2");
  EXPECT_EQ(&pool_.port(0), opened_[1]);
  EXPECT_EQ(&pool_.port(1), opened_[3]);
  want(1);
  EXPECT_EQ(answer_, "2") << "enough for who wants one: at once";
}

TEST_F(ServerPoolTest, SaysWhenNoneStands) {
  refused_ = {0, 1};
  want(2);
  scheduler_.run_for(2s);
  EXPECT_EQ(answer_, "none yet");
  scheduler_.run_for(1100ms);
  EXPECT_EQ(answer_, "server: no connection for moving slots could be made within 3 s");
  std::string called;
  pool_.port(0).call({"PING"}, [&](const Result<valkey::Reply>& reply) { called = reply ? "a reply" : to_string(reply.error()); });
  scheduler_.run_posted();
  EXPECT_EQ(called, "server: not connected");
}

TEST_F(ServerPoolTest, UsesOneThatCameLater) {
  refused_ = {0};
  want(1);
  scheduler_.run_for(500ms);
  EXPECT_EQ(answer_, "none yet");
  opened_[0]->connect();
  scheduler_.run_for(10ms);
  EXPECT_EQ(answer_, "1");
}

}  // namespace
}  // namespace shardkeeper::agent
