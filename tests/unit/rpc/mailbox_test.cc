#include "common/rpc/mailbox.h"

#include "tests/unit/rpc/test_loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace shardkeeper::rpc {
namespace {

class MailboxTest : public ::testing::Test {
 protected:
  test::TestLoop loop_;
  std::shared_ptr<Mailbox> mailbox_ = Mailbox::make(loop_.scheduler());
};

TEST_F(MailboxTest, RunsInOrderOnTheLoop) {
  std::vector<int> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(mailbox_->post([&seen, i] { seen.push_back(i); }));
  EXPECT_TRUE(seen.empty());
  ASSERT_TRUE(loop_.run_until([&] { return seen.size() == 100; }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  mailbox_->close();
}

TEST_F(MailboxTest, ClosingRunsWhatWaitsAndRefusesTheRest) {
  int ran = 0;
  EXPECT_TRUE(mailbox_->post([&] { ++ran; }));
  mailbox_->close();
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(mailbox_->post([&] { ++ran; }));
  loop_.run_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ran, 1);
}

TEST_F(MailboxTest, MayBeClosedByItsOwnWork) {
  std::vector<int> seen;
  mailbox_->post([&] {
    seen.push_back(1);
    mailbox_->close();
    seen.push_back(3);
  });
  mailbox_->post([&] { seen.push_back(2); });
  ASSERT_TRUE(loop_.run_until([&] { return seen.size() == 3; }));
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3})) << "what was accepted runs inside close";
}

TEST_F(MailboxTest, WorkMayPostMore) {
  int ran = 0;
  mailbox_->post([&] { mailbox_->post([&] { ++ran; }); });
  ASSERT_TRUE(loop_.run_until([&] { return ran == 1; }));
  mailbox_->close();
}

TEST_F(MailboxTest, LosesAndInventsNothingUnderManyPosters) {
  for (int round = 0; round < 20; ++round) {
    const auto mailbox = Mailbox::make(loop_.scheduler());
    std::atomic<int> accepted = 0;
    int ran = 0;  // loop only
    std::vector<std::jthread> posters(4);
    for (auto& poster : posters)
      poster = std::jthread([&] {
        for (int posts = 0; posts < 2000; ++posts) {
          if (!mailbox->post([&ran] { ++ran; })) break;
          ++accepted;
        }
      });
    ASSERT_TRUE(loop_.run_until([&] { return ran > 200; }));
    mailbox->close();
    const int ran_at_close = ran;
    posters.clear();
    loop_.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(accepted.load(), ran_at_close);
    EXPECT_EQ(ran, ran_at_close);
  }
}

}  // namespace
}  // namespace shardkeeper::rpc
