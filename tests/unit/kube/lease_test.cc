#include "coordinator/platform/kube/client/kube_lease.h"

#include "tests/support/fake_scheduler.h"
#include "tests/unit/kube/fake_lease_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// One coordinator.
struct Contender {
  Contender(test::FakeLeaseServer& server, test::FakeScheduler& scheduler, const std::string& name)
      : client(server, scheduler), lease(std::make_unique<KubeLease>(client, scheduler, ObjectName{"s", "leader"}, name)) {
    lease->start({.waiting = [this](const reconcile::LeaseHolder& holder) { said.push_back("waits for " + holder.name); },
                  .acquired =
                      [this](FenceToken got) {
                        token = got;
                        said.push_back("leads with " + std::to_string(got.value));
                      },
                  .raised =
                      [this](FenceToken got) {
                        token = got;
                        said.push_back("raised to " + std::to_string(got.value));
                      },
                  .failed = [this](const Error& error) { said.push_back("failed: " + error.detail); },
                  .lost = [this](const Error& error) { said.push_back("lost: " + error.detail); }});
  }
  bool leads() const { return lease->check().has_value(); }

  test::LeaseClient client;
  std::unique_ptr<KubeLease> lease;
  std::vector<std::string> said;
  FenceToken token;
};

class LeaseTest : public testing::Test {
 protected:
  Contender& start(const std::string& name) {
    contenders_.push_back(std::make_unique<Contender>(server_, scheduler_, name));
    return *contenders_.back();
  }
  // Runs, and looks every 10 ms that at most one leads.
  void run(Duration duration) {
    for (Duration done{0}; done < duration; done += 10ms) {
      scheduler_.run_for(10ms);
      int leaders = 0;
      for (const auto& contender : contenders_) leaders += contender->leads() ? 1 : 0;
      EXPECT_LE(leaders, 1);
    }
  }

  test::FakeScheduler scheduler_;
  test::FakeLeaseServer server_;
  std::vector<std::unique_ptr<Contender>> contenders_;
};

TEST_F(LeaseTest, TheFirstLeadsAtOnceAndTheSecondWaits) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(60s);
  EXPECT_THAT(a.said, ElementsAre("leads with 1"));
  EXPECT_THAT(b.said, ElementsAre("waits for a"));
  EXPECT_EQ(server_.holder(), "a");
  EXPECT_EQ(server_.writes, 31) << "one creation, and a renewal every 2 s";
}

TEST_F(LeaseTest, OfTwoAtTheSameMomentOneLeads) {
  auto& a = start("a");
  auto& b = start("b");
  run(30s);
  EXPECT_NE(a.leads(), b.leads());
}

TEST_F(LeaseTest, AReleasedLeaseIsFollowedWithinTwoSeconds) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(10s);
  std::string holder = "nobody asked";
  a.lease->release([&] { holder = server_.holder(); });
  run(1'600ms);
  EXPECT_EQ(holder, "") << "it was free when the release was over";
  EXPECT_TRUE(b.leads());
  EXPECT_EQ(b.token, FenceToken{2});
}

TEST_F(LeaseTest, AKilledOneIsFollowedWithinTwentySeconds) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(11s);
  a.lease.reset();
  contenders_.erase(contenders_.begin());
  run(13s);
  EXPECT_FALSE(b.leads()) << "the duration is 15 s";
  run(7s);
  EXPECT_TRUE(b.leads());
  EXPECT_EQ(b.token, FenceToken{2});
}

TEST_F(LeaseTest, AHolderThatIsCutOffStopsBeforeAnybodyFollows) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(5s);
  a.client.is_cut = true;
  run(8s);
  EXPECT_TRUE(a.leads());
  run(3s);
  EXPECT_FALSE(a.leads());
  EXPECT_FALSE(b.leads());
  EXPECT_THAT(a.said, Contains(HasSubstr("lost: it was not renewed for 10 s: lease: no answer in time")));
  run(10s);
  EXPECT_TRUE(b.leads());
  a.client.is_cut = false;
  run(60s);
  EXPECT_FALSE(a.leads()) << "lost is lost";
}

TEST_F(LeaseTest, AProcessThatStoodStillKnowsItBeforeItsTimersRun) {
  auto& a = start("a");
  run(100ms);
  EXPECT_TRUE(a.leads());
  a.client.is_cut = true;
  // Time passes; nothing of ours runs in it but the look itself.
  scheduler_.run_for(9s);
  const auto held = a.lease->check();
  EXPECT_TRUE(held.has_value());
  scheduler_.run_for(1s);
  EXPECT_FALSE(a.lease->check().has_value());
}

TEST_F(LeaseTest, AnswersThatGetLostAreNoConflict) {
  auto& a = start("a");
  run(3s);
  a.client.loses_answers = true;
  run(5s);
  a.client.loses_answers = false;
  run(30s);
  EXPECT_TRUE(a.leads());
  EXPECT_EQ(server_.transitions(), 1);
}

TEST_F(LeaseTest, ATakeoverWhoseAnswerGotLostIsFinished) {
  auto& a = start("a");
  a.client.loses_answers = true;
  run(5s);
  EXPECT_FALSE(a.leads());
  a.client.loses_answers = false;
  run(10s);
  EXPECT_TRUE(a.leads());
  EXPECT_EQ(a.token.value, static_cast<std::uint64_t>(server_.transitions()));
}

TEST_F(LeaseTest, ADeletedLeaseIsMadeAgainWithAHigherCount) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(5s);
  server_.lease.reset();
  // b looks more often and makes it first. Until its next renewal a cannot know; agents are what the count protects.
  Duration both{0};
  for (Duration done{0}; done < 10s; done += 10ms) {
    scheduler_.run_for(10ms);
    both += a.leads() && b.leads() ? Duration(10ms) : Duration{0};
  }
  EXPECT_LE(both, 2'100ms);
  EXPECT_NE(a.leads(), b.leads());
  EXPECT_GE(server_.transitions(), 2);
  EXPECT_EQ(a.leads() ? a.said.back() : b.said.back(), a.leads() ? "raised to 2" : "leads with 2") << "higher than what it saw";
}

TEST_F(LeaseTest, ADeletedLeaseIsMadeAgainByItsHolder) {
  auto& a = start("a");
  run(5s);
  server_.lease.reset();
  run(3s);
  EXPECT_THAT(a.said, ElementsAre("leads with 1", "raised to 2"));
  EXPECT_TRUE(a.leads());
}

TEST_F(LeaseTest, TheCountRisesAboveWhatAgentsSaw) {
  auto& a = start("a");
  run(100ms);
  std::optional<Result<FenceToken>> raised;
  a.lease->raise_above(FenceToken{41}, [&](Result<FenceToken> result) { raised = std::move(result); });
  EXPECT_FALSE(raised.has_value());
  run(100ms);
  ASSERT_TRUE(raised.has_value());
  EXPECT_EQ(raised->value(), FenceToken{42});
  EXPECT_EQ(server_.transitions(), 42);
  EXPECT_THAT(a.said, ElementsAre("leads with 1", "raised to 42"));
  raised.reset();
  a.lease->raise_above(FenceToken{42}, [&](Result<FenceToken> result) { raised = std::move(result); });
  run(100ms);
  EXPECT_EQ(raised->value(), FenceToken{43}) << "an equal one may be another's";
  raised.reset();
  a.lease->raise_above(FenceToken{7}, [&](Result<FenceToken> result) { raised = std::move(result); });
  run(100ms);
  EXPECT_EQ(raised->value(), FenceToken{43}) << "it is above already";
  a.lease->raise_above(FenceToken{~0ULL}, [&](Result<FenceToken> result) { raised = std::move(result); });
  run(100ms);
  EXPECT_EQ(raised->error().kind, ErrorKind::kInvalid);
}

TEST_F(LeaseTest, WhoDoesNotLeadRaisesNothing) {
  auto& a = start("a");
  std::optional<Result<FenceToken>> raised;
  a.lease->raise_above(FenceToken{41}, [&](Result<FenceToken> result) { raised = std::move(result); });
  run(10ms);
  EXPECT_EQ(raised->error().kind, ErrorKind::kConflict);
}

TEST_F(LeaseTest, ARaiseIsAnsweredWhenTheLeaseIsLost) {
  auto& a = start("a");
  run(100ms);
  a.client.is_cut = true;
  std::optional<Result<FenceToken>> raised;
  a.lease->raise_above(FenceToken{41}, [&](Result<FenceToken> result) { raised = std::move(result); });
  run(11s);
  ASSERT_TRUE(raised.has_value());
  EXPECT_EQ(raised->error().kind, ErrorKind::kConflict);
}

TEST_F(LeaseTest, AnotherNameInItEndsLeadingAtOnce) {
  auto& a = start("a");
  run(5s);
  server_.edit("holderIdentity", "z");
  run(2'100ms);
  EXPECT_FALSE(a.leads());
  EXPECT_EQ(a.said.back(), "lost: z holds the lease now");
}

TEST_F(LeaseTest, OtherFieldsMayBeEditedByAnybody) {
  auto& a = start("a");
  run(5s);
  server_.edit("strategy", "mine");
  run(20s);
  EXPECT_TRUE(a.leads());
  EXPECT_EQ(text_at(*server_.lease, {"spec", "strategy"}), "mine") << "what is not ours is kept";
}

TEST_F(LeaseTest, OthersClocksDoNotMatter) {
  auto& a = start("a");
  run(100ms);
  // A clock years behind: by its timestamp the lease would be over.
  server_.edit("renewTime", "2001-01-01T00:00:00.000000Z");
  auto& b = start("b");
  run(10s);
  EXPECT_TRUE(a.leads());
  EXPECT_FALSE(b.leads());
  // A clock years ahead of a dead holder: it is over all the same.
  contenders_.erase(contenders_.begin());
  server_.edit("renewTime", "2099-01-01T00:00:00.000000Z");
  run(17s);
  EXPECT_TRUE(b.leads());
}

TEST_F(LeaseTest, AForeignDurationCannotLockEverybodyOut) {
  server_.lease = boost::json::object{
      {"metadata", boost::json::object{}},
      {"spec", boost::json::object{{"holderIdentity", "z"}, {"leaseDurationSeconds", 100'000'000}, {"leaseTransitions", -5}}}};
  auto& a = start("a");
  run(18s);
  EXPECT_TRUE(a.leads());
  EXPECT_EQ(a.token, FenceToken{1});
}

TEST_F(LeaseTest, ARefusalIsToldOnceAndTriedAgain) {
  contenders_.push_back(std::make_unique<Contender>(server_, scheduler_, "a"));
  auto& a = *contenders_.back();
  a.client.refusal = refused("POST", "403: not allowed to create leases in namespace s");
  run(30s);
  EXPECT_THAT(a.said, ElementsAre("failed: 403: not allowed to create leases in namespace s"));
  a.client.refusal.reset();
  run(3s);
  EXPECT_TRUE(a.leads());
}

TEST_F(LeaseTest, ReleaseAnswersAlsoWhenNobodyIsThere) {
  auto& a = start("a");
  run(100ms);
  a.client.is_cut = true;
  bool is_released = false;
  a.lease->release([&] { is_released = true; });
  run(3'100ms);
  EXPECT_TRUE(is_released);
}

TEST_F(LeaseTest, WhoWaitsReleasesNothing) {
  auto& a = start("a");
  run(100ms);
  auto& b = start("b");
  run(5s);
  bool is_released = false;
  b.lease->release([&] { is_released = true; });
  run(5s);
  EXPECT_TRUE(is_released);
  EXPECT_TRUE(a.leads());
}

TEST_F(LeaseTest, ATakeoverUnderWayIsGivenBack) {
  auto& a = start("a");
  a.client.delay = 500ms;
  run(700ms);
  EXPECT_EQ(server_.holder(), "a") << "the answer is still on its way";
  bool is_released = false;
  a.lease->release([&] { is_released = true; });
  run(2'500ms);
  EXPECT_TRUE(is_released);
  EXPECT_EQ(server_.holder(), "");
}

TEST_F(LeaseTest, MayEndInsideItsCallbacks) {
  test::LeaseClient client(server_, scheduler_);
  auto lease = std::make_unique<KubeLease>(client, scheduler_, ObjectName{"s", "leader"}, "a");
  lease->start({.waiting = nullptr, .acquired = [&](FenceToken) { lease.reset(); }, .raised = nullptr, .failed = nullptr, .lost = nullptr});
  scheduler_.run_for(30s);
  EXPECT_EQ(lease, nullptr);
  EXPECT_EQ(server_.writes, 1);
}

TEST(MicroTime, IsWhatTheServerWants) {
  EXPECT_EQ(to_micro_time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_micro_time(1'764'108'092'345), "2025-11-25T22:01:32.345000Z");
}

}  // namespace
}  // namespace shardkeeper::platform::kube
