#include "coordinator/reconcile/file_lease.h"

#include "tests/support/fake_scheduler.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::reconcile {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class FileLeaseTest : public testing::Test {
 protected:
  std::unique_ptr<FileLease> start(const std::string& name) {
    auto lease = std::make_unique<FileLease>(scheduler_, temp_ / "lease", name);
    lease->start({.waiting = [this, name](const LeaseHolder& holder) { said_.push_back(name + " waits for " + holder.name); },
                  .acquired = [this, name](FenceToken token) { said_.push_back(name + " leads with " + std::to_string(token.value)); },
                  .raised = [this, name](FenceToken token) { said_.push_back(name + " raised to " + std::to_string(token.value)); },
                  .failed = [this, name](const Error& error) { said_.push_back(name + " failed: " + error.detail); },
                  .lost = [this, name](const Error& error) { said_.push_back(name + " lost: " + error.detail); }});
    return lease;
  }

  const test::TempDir temp_;
  test::FakeScheduler scheduler_;
  std::vector<std::string> said_;
};

TEST_F(FileLeaseTest, OneLeadsAndTheOtherFollows) {
  const auto a = start("a");
  EXPECT_TRUE(said_.empty()) << "nothing before start() returns";
  scheduler_.run_for(1s);
  EXPECT_TRUE(a->check().has_value());
  const auto b = start("b");
  scheduler_.run_for(1s);
  EXPECT_EQ(b->check().error().kind, ErrorKind::kConflict);
  bool is_released = false;
  a->release([&] { is_released = true; });
  scheduler_.run_for(100ms);
  EXPECT_TRUE(is_released);
  EXPECT_TRUE(b->check().has_value());
  EXPECT_THAT(said_, ElementsAre("a leads with 1", "b waits for a", "b leads with 2"));
}

TEST_F(FileLeaseTest, RaisesAndTellsBeforeItAnswers) {
  const auto a = start("a");
  scheduler_.run_for(1s);
  a->raise_above(FenceToken{9}, [this](const Result<FenceToken>& raised) { said_.push_back("answer " + std::to_string(raised->value)); });
  EXPECT_EQ(said_.size(), 1U);
  scheduler_.run_posted();
  EXPECT_THAT(said_, ElementsAre("a leads with 1", "a raised to 10", "answer 10"));
}

TEST_F(FileLeaseTest, ADeletedFileIsToldOnce) {
  const auto a = start("a");
  scheduler_.run_for(1s);
  std::filesystem::remove(temp_ / "lease");
  scheduler_.run_for(2s);
  EXPECT_THAT(said_, ElementsAre("a leads with 1", HasSubstr("a lost: the lease file was deleted")));
  std::optional<Result<FenceToken>> raised;
  a->raise_above(FenceToken{9}, [&](Result<FenceToken> result) { raised = std::move(result); });
  scheduler_.run_posted();
  EXPECT_EQ(raised->error().kind, ErrorKind::kConflict);
}

TEST_F(FileLeaseTest, MayEndInsideItsCallbacks) {
  std::unique_ptr<FileLease> lease = std::make_unique<FileLease>(scheduler_, temp_ / "lease", "a");
  lease->start({.waiting = nullptr, .acquired = [&](FenceToken) { lease.reset(); }, .raised = nullptr, .failed = nullptr, .lost = nullptr});
  scheduler_.run_for(2s);
  EXPECT_EQ(lease, nullptr);
  const auto next = start("b");
  scheduler_.run_for(1s);
  EXPECT_THAT(said_, ElementsAre("b leads with 2"));
}

}  // namespace
}  // namespace shardkeeper::reconcile
