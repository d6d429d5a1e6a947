// Both sides of the lock need a process each: record locks belong to processes.
#include "agent/io/lock_watch.h"

#include "common/net/asio_scheduler.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/volume/lock_holder.h"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class LockWatchTest : public testing::Test {
 protected:
  LockWatchTest() { test::write_file(lock_, ""); }

  void watch() {
    watch_ = LockWatch::open(lock_, scheduler_, [this] { ++freed_; }).value();
  }

  // Runs the loop until on_free was called `times`.
  bool freed_within(std::chrono::milliseconds deadline, int times = 1) {
    const auto end = Clock::now() + deadline;
    while (freed_ < times && Clock::now() < end) {
      loop_.restart();
      loop_.run_one_for(5ms);
    }
    return freed_ >= times;
  }

  test::TempDir folder_;
  const std::filesystem::path lock_ = folder_ / "lock";
  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(loop_);
  int freed_ = 0;
  std::unique_ptr<LockWatch> watch_;
};

TEST_F(LockWatchTest, SeesALockThatIsFree) {
  watch();
  EXPECT_FALSE(watch_->is_held());
  EXPECT_FALSE(freed_within(50ms));
}

TEST_F(LockWatchTest, SaysWhenALockThatWasHeldAtTheStartIsFreed) {
  test::LockHolder holder(lock_);
  watch();
  EXPECT_TRUE(watch_->is_held());
  EXPECT_FALSE(freed_within(50ms)) << "it is still held";
  const auto killed = Clock::now();
  holder.kill();
  ASSERT_TRUE(freed_within(5s));
  RecordProperty("freed_after_us", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - killed).count()));
  EXPECT_FALSE(watch_->is_held());
}

TEST_F(LockWatchTest, SaysItForEveryHolder) {
  watch();
  for (int life = 1; life <= 20; ++life) {
    test::LockHolder holder(lock_);
    ASSERT_TRUE(watch_->is_held());
    ASSERT_TRUE(watch_->is_held()) << "asking again changes nothing";
    holder.kill();
    ASSERT_TRUE(freed_within(5s, life));
  }
  EXPECT_EQ(freed_, 20);
}

TEST_F(LockWatchTest, AStoppedHolderHoldsOn) {
  test::LockHolder holder(lock_);
  watch();
  holder.stop();
  EXPECT_TRUE(watch_->is_held());
  EXPECT_FALSE(freed_within(50ms));
}

TEST_F(LockWatchTest, NeverKeepsTheLockItself) {
  watch();
  for (int i = 0; i < 20; ++i) {
    test::LockHolder holder(lock_);  // fails where anybody else holds it
    ASSERT_TRUE(watch_->is_held());
    holder.kill();
    ASSERT_TRUE(freed_within(5s, i + 1));
  }
}

TEST_F(LockWatchTest, EndsWhileTheLockIsHeld) {
  const test::LockHolder holder(lock_);
  for (int i = 0; i < 50; ++i) {
    watch();
    const bool armed = i % 2 == 0 && watch_->is_held();
    EXPECT_EQ(armed, i % 2 == 0);
    const auto start = Clock::now();
    watch_.reset();
    EXPECT_LT(Clock::now() - start, 2s);
  }
  EXPECT_FALSE(freed_within(20ms)) << "no word after the end";
}

TEST_F(LockWatchTest, SaysNothingAfterItsEnd) {
  test::LockHolder holder(lock_);
  watch();
  ASSERT_TRUE(watch_->is_held());
  holder.kill();
  // The thread may have posted its word by now, or not: it must not arrive in either case.
  watch_.reset();
  EXPECT_FALSE(freed_within(20ms));
}

TEST_F(LockWatchTest, AMissingFileIsAnError) {
  const auto watch = LockWatch::open(folder_ / "other", scheduler_, [] {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(watch.error().detail.find("prepare"), std::string::npos);
}

}  // namespace
}  // namespace shardkeeper::agent
