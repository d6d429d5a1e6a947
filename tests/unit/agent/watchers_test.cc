#include "agent/core/watchers.h"

#include "tests/support/fake_scheduler.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;

class WatchersTest : public testing::Test {
 protected:
  void open(std::uint64_t stream) {
    watchers_.open(stream, [this, stream](const NodeState* state) {
      log_ += std::to_string(stream) + (state == nullptr ? ":beat " : ":" + std::to_string(state->nonce) + (state->view ? "+view " : " "));
    });
  }
  // Its first state was pushed.
  void open_beating_every_second() {
    open(1);
    watchers_.set_node_timeout(1, 2500ms);
    pushed();
  }
  // What was pushed since the last call: "stream:nonce ".
  std::string pushed() {
    scheduler_.run_posted();
    return std::exchange(log_, "");
  }

  test::FakeScheduler scheduler_;
  NodeState state_;
  TopologyView view_;
  bool has_view_ = true;
  std::string log_;
  Watchers watchers_{scheduler_, {[this]() -> const NodeState& { return state_; }, [this] { return has_view_ ? &view_ : nullptr; }}};
};

TEST_F(WatchersTest, SendsAFullStateFirstAndThenEachChangeOnce) {
  open(1);
  EXPECT_EQ(pushed(), "1:0 ");
  EXPECT_EQ(pushed(), "");
  watchers_.state_changed();
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 ") << "one per turn of the loop";
  open(2);
  EXPECT_EQ(pushed(), "2:0 ");
  watchers_.close(1);
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "2:0 ");
}

TEST_F(WatchersTest, TellsCountersNoMoreOftenThanAsked) {
  open(1);
  pushed();
  scheduler_.run_for(500ms);
  watchers_.counters_changed(1s);
  EXPECT_EQ(pushed(), "");
  scheduler_.run_for(500ms);
  watchers_.counters_changed(1s);
  EXPECT_EQ(pushed(), "1:0 ");
}

TEST_F(WatchersTest, AnswersANonceAfterItsRoundOnly) {
  open(1);
  pushed();
  watchers_.want_report(1, 77, 5);
  watchers_.round_read(4);
  EXPECT_EQ(pushed(), "");
  EXPECT_TRUE(watchers_.waits_for_report());
  watchers_.round_read(5);
  EXPECT_EQ(pushed(), "1:77 ");
  EXPECT_FALSE(watchers_.waits_for_report());
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:77 ") << "later states answer it, too";
}

TEST_F(WatchersTest, AnswersANonceWhenThereIsNothingToAsk) {
  open(1);
  pushed();
  watchers_.want_report(1, 3, 9);
  watchers_.nothing_to_ask();
  EXPECT_EQ(pushed(), "1:3 ");
}

TEST_F(WatchersTest, SendsTheViewOnceWhereAskedFor) {
  open(1);
  open(2);
  pushed();
  has_view_ = false;
  watchers_.want_view(2);
  EXPECT_EQ(pushed(), "2:0 ");
  has_view_ = true;
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 2:0+view ") << "still owed";
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 2:0 ");
}

TEST_F(WatchersTest, SendsAShortViewUnaskedWithEachNewHash) {
  state_.readiness.reason = ReadyReason::kReady;
  view_.rows.assign(8, NodeRow{.id = NodeId::parse(std::string(40, 'a')).value()});
  state_.view_hash = 11;
  open(1);
  EXPECT_EQ(pushed(), "1:0+view ");
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 ") << "known by its hash";
  state_.view_hash = 12;
  watchers_.state_changed();
  open(2);
  EXPECT_EQ(pushed(), "1:0+view 2:0+view ");
  view_.rows.push_back(view_.rows.front());
  state_.view_hash = 13;
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 2:0 ") << "who needs a long one asks";
}

TEST_F(WatchersTest, SendsALongerViewUnaskedWhileTheServerIsMade) {
  view_.rows.assign(128, NodeRow{.id = NodeId::parse(std::string(40, 'a')).value()});
  state_.view_hash = 11;
  open(1);
  EXPECT_EQ(pushed(), "1:0+view ");
  view_.rows.push_back(view_.rows.front());
  state_.view_hash = 12;
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 ");
}

TEST_F(WatchersTest, ABeatAnswersTheCoordinators) {
  open_beating_every_second();
  scheduler_.run_for(1s);
  watchers_.heard(1);
  EXPECT_EQ(pushed(), "1:beat ");
  scheduler_.run_for(1s);
  watchers_.state_changed();
  watchers_.heard(1);
  EXPECT_EQ(pushed(), "1:0 ") << "the state is on its way";
  watchers_.heard(1);
  scheduler_.run_for(499ms);
  watchers_.heard(1);
  EXPECT_EQ(pushed(), "") << "it was heard half an interval ago";
  scheduler_.run_for(501ms);
  watchers_.heard(1);
  EXPECT_EQ(pushed(), "1:beat ");
}

TEST_F(WatchersTest, BeatsWhereTheCoordinatorDoesNot) {
  open_beating_every_second();
  scheduler_.run_for(1499ms);
  watchers_.state_changed();
  EXPECT_EQ(pushed(), "1:0 ");
  scheduler_.run_for(1499ms);
  EXPECT_EQ(pushed(), "");
  scheduler_.run_for(1ms);
  EXPECT_EQ(pushed(), "1:beat ");
  scheduler_.run_for(3s);
  EXPECT_EQ(pushed(), "1:beat 1:beat ");
  watchers_.close(1);
  scheduler_.run_for(3s);
  watchers_.heard(1);
  EXPECT_EQ(pushed(), "");
}

}  // namespace
}  // namespace shardkeeper::agent
