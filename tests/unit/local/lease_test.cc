#include "coordinator/reconcile/lease_file.h"
#include "coordinator/reconcile/lease_wait.h"

#include "common/net/asio_scheduler.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"
#include "tests/unit/local/value_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <unistd.h>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

namespace shardkeeper::reconcile {
namespace {

using test::value_of;

using namespace std::chrono_literals;
using testing::HasSubstr;

class LeaseTest : public testing::Test {
 protected:
  // Another process; returns once it has the lease.
  test::ChildProcess host(const char* name) {
    const auto output = temp_ / (std::string(name) + ".out");
    test::ChildProcess process(test::ChildOptions{.program = LEASE_HOST, .arguments = {file().string(), name}, .standard_output = output});
    EXPECT_TRUE(test::wait_until([&] { return test::read_file(output).find('\n') != std::string::npos; }));
    return process;
  }
  std::string said(const char* name) const { return test::read_file(temp_ / (std::string(name) + ".out")); }
  std::filesystem::path file() const { return temp_ / "lease"; }

  const test::TempDir temp_;
};

TEST_F(LeaseTest, CountsEveryAcquisition) {
  for (std::uint64_t expected = 1; expected <= 3; ++expected) {
    LeaseFile lease(file(), "me");
    EXPECT_EQ(lease.token(), std::nullopt);
    EXPECT_EQ(value_of(lease.try_acquire()), FenceToken{expected});
    EXPECT_EQ(value_of(lease.try_acquire()), FenceToken{expected}) << "held already";
    EXPECT_EQ(lease.token(), FenceToken{expected});
    EXPECT_EQ(lease.holder(), (LeaseHolder{"me", ::getpid(), expected}));
  }
}

TEST_F(LeaseTest, RefusesASecondHolderAndNamesTheFirst) {
  LeaseFile first(file(), "first-1");
  ASSERT_TRUE(first.try_acquire());
  LeaseFile second(file(), "second-2");
  const auto refused = second.try_acquire();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(refused.error().detail, HasSubstr("held by first-1 (process " + std::to_string(::getpid()) + ")"));
  first.release();
  EXPECT_EQ(value_of(second.try_acquire()), FenceToken{2});
  EXPECT_FALSE(first.check());
}

TEST_F(LeaseTest, EndsWithTheProcessHoweverItEnds) {
  auto other = host("other");
  EXPECT_EQ(said("other"), "token 1\n");
  LeaseFile lease(file(), "me");
  EXPECT_FALSE(lease.try_acquire());
  other.kill();
  EXPECT_EQ(value_of(lease.try_acquire()), FenceToken{2});
  host("third").wait(5s);
  EXPECT_THAT(said("third"), HasSubstr("held by me (process " + std::to_string(::getpid()) + ")"));
}

TEST_F(LeaseTest, IsHeldByAStoppedProcess) {
  auto other = host("other");
  other.signal(SIGSTOP);
  LeaseFile lease(file(), "me");
  EXPECT_FALSE(lease.try_acquire());
}

TEST_F(LeaseTest, RisesAboveATokenThatAnAgentHasSeen) {
  LeaseFile lease(file(), "me");
  ASSERT_TRUE(lease.try_acquire());
  EXPECT_EQ(value_of(lease.raise_above(FenceToken{41})), FenceToken{42});
  EXPECT_EQ(value_of(lease.raise_above(FenceToken{5})), FenceToken{43}) << "never down";
  lease.release();
  LeaseFile next(file(), "next");
  EXPECT_EQ(value_of(next.try_acquire()), FenceToken{44});
}

TEST_F(LeaseTest, ADeletedFileIsALostLease) {
  LeaseFile lease(file(), "me");
  ASSERT_TRUE(lease.try_acquire());
  EXPECT_TRUE(lease.check());
  std::filesystem::remove(file());
  LeaseFile other(file(), "other");
  EXPECT_EQ(value_of(other.try_acquire()), FenceToken{1}) << "counting begins anew; raise_above is the remedy";
  EXPECT_EQ(lease.check().error().kind, ErrorKind::kConflict);
  EXPECT_EQ(lease.raise_above(FenceToken{9}).error().kind, ErrorKind::kConflict);
}

TEST_F(LeaseTest, DamagedContentBeginsAnew) {
  for (const char* text : {"", "?", "[]", "{\"holder\":1}", "{\"holder\":\"x\",\"pid\":1,\"transitions\":-5}",
                           "{\"holder\":\"x\",\"pid\":1,\"transitions\":\"9\"}"}) {
    test::write_file(file(), text);
    LeaseFile lease(file(), "me");
    EXPECT_EQ(lease.holder(), std::nullopt) << text;
    EXPECT_EQ(value_of(lease.try_acquire()), FenceToken{1}) << text;
  }
}

TEST_F(LeaseTest, RemainsOfALongerLineDoNotMatter) {
  test::write_file(file(), "{\"holder\":\"x\",\"pid\":7,\"transitions\":6}\nrest of a longer line\"}");
  LeaseFile lease(file(), "me");
  EXPECT_EQ(value_of(lease.try_acquire()), FenceToken{7});
  EXPECT_EQ(test::read_file(file()), "{\"holder\":\"me\",\"pid\":" + std::to_string(::getpid()) + ",\"transitions\":7}\n");
}

TEST_F(LeaseTest, SaysWhyItCannotBeTaken) {
  LeaseFile lease(temp_.path() / "none/lease", "me");
  const auto failed = lease.try_acquire();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(to_string(failed.error()), HasSubstr("none/lease: the lease file cannot be opened: No such file"));
}

class LeaseWaitTest : public LeaseTest {
 protected:
  bool reaches(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.restart();
      loop_.run_for(5ms);
    }
    return true;
  }
  LeaseWait::Callbacks callbacks() {
    return {[this](const LeaseHolder& holder) { told_.push_back("waiting for " + holder.name); },
            [this](FenceToken token) { told_.push_back("acquired " + std::to_string(token.value)); },
            [this](const Error& error) { told_.push_back(to_string(error)); }};
  }

  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  std::vector<std::string> told_;
};

TEST_F(LeaseWaitTest, TakesAFreeLeaseAtOnce) {
  LeaseFile lease(file(), "me");
  const LeaseWait wait(scheduler_, lease, callbacks());
  EXPECT_TRUE(told_.empty()) << "nothing before the loop turns";
  ASSERT_TRUE(reaches([&] { return !told_.empty(); }));
  EXPECT_EQ(told_, std::vector<std::string>{"acquired 1"});
}

TEST_F(LeaseWaitTest, StandsByAndTakesOverWhenTheHolderDies) {
  auto other = host("other");
  LeaseFile lease(file(), "me");
  const LeaseWait wait(scheduler_, lease, callbacks());
  ASSERT_TRUE(reaches([&] { return !told_.empty(); }));
  loop_.restart();
  loop_.run_for(3 * LeaseWait::kTryInterval);
  EXPECT_EQ(told_, std::vector<std::string>{"waiting for other"}) << "said once";
  other.kill();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(reaches([&] { return lease.token().has_value(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_EQ(told_, (std::vector<std::string>{"waiting for other", "acquired 2"}));
}

TEST_F(LeaseWaitTest, TriesAgainAfterAnErrorAndSaysItOnce) {
  LeaseFile lease(temp_.path() / "later/lease", "me");
  const LeaseWait wait(scheduler_, lease, callbacks());
  ASSERT_TRUE(reaches([&] { return !told_.empty(); }));
  loop_.restart();
  loop_.run_for(3 * LeaseWait::kTryInterval);
  EXPECT_THAT(told_, testing::ElementsAre(HasSubstr("cannot be opened")));
  std::filesystem::create_directory(temp_.path() / "later");
  ASSERT_TRUE(reaches([&] { return lease.token().has_value(); }));
}

TEST_F(LeaseWaitTest, MayBeDestroyedWhileWaiting) {
  LeaseFile first(file(), "first");
  ASSERT_TRUE(first.try_acquire());
  LeaseFile lease(file(), "me");
  auto wait = std::make_unique<LeaseWait>(scheduler_, lease, callbacks());
  ASSERT_TRUE(reaches([&] { return !told_.empty(); }));
  wait.reset();
  first.release();
  loop_.restart();
  loop_.run_for(3 * LeaseWait::kTryInterval);
  EXPECT_EQ(lease.token(), std::nullopt);
}

}  // namespace
}  // namespace shardkeeper::reconcile
