#include "coordinator/platform/kube/client/kube_lease.h"
#include "tests/kubeapi/api_fixture.h"

#include <gmock/gmock.h>

#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

// The usual times divided by five: tests take seconds.
constexpr LeaseTimes kTimes{.lease = 3s, .renew_deadline = 2s, .retry = 400ms, .stand_by = 200ms};

struct Contender {
  Contender(Api& api, Scheduler& scheduler, const ObjectName& name, const std::string& holder)
      : lease(std::make_unique<KubeLease>(api, scheduler, name, holder, kTimes)) {
    lease->start({.waiting = [this](const reconcile::LeaseHolder& other) { waits_for = other.name; },
                  .acquired = [this](FenceToken got) { token = got; },
                  .raised = [this](FenceToken got) { token = got; },
                  .failed = [this](const Error& error) { troubles.push_back(to_string(error)); },
                  .lost = [this](const Error& error) { lost = error; }});
  }
  bool leads() const { return lease->check().has_value(); }

  std::unique_ptr<KubeLease> lease;
  std::string waits_for;
  FenceToken token;
  std::vector<std::string> troubles;
  std::optional<Error> lost;
};

class Leases : public ApiFixture {
 protected:
  std::unique_ptr<Contender> start(const std::string& holder) {
    return std::make_unique<Contender>(*api_, scheduler_, named("leader"), holder);
  }
  object lease() { return made(get_request(resources::kLeases, named("leader"))); }
  void remove() { made(delete_request(resources::kLeases, named("leader"), {}, 0s)); }
};

TEST_F(Leases, OneLeadsAndTheOtherFollowsWhenItIsReleased) {
  const auto a = start("a");
  ASSERT_TRUE(run_until([&] { return a->leads(); }));
  const auto b = start("b");
  ASSERT_TRUE(run_until([&] { return b->waits_for == "a"; }));
  EXPECT_EQ(text_at(lease(), {"spec", "holderIdentity"}), "a");
  EXPECT_EQ(number_at(lease(), {"spec", "leaseTransitions"}), 1);
  bool is_released = false;
  a->lease->release([&] { is_released = true; });
  ASSERT_TRUE(run_until([&] { return is_released; }));
  ASSERT_TRUE(run_until([&] { return b->leads(); }, 2s));
  EXPECT_EQ(b->token, FenceToken{2});
  EXPECT_EQ(b->troubles, std::vector<std::string>());
}

TEST_F(Leases, OfTwoAtTheSameMomentOneLeads) {
  const auto a = start("a");
  const auto b = start("b");
  ASSERT_TRUE(run_until([&] { return a->leads() || b->leads(); }));
  EXPECT_FALSE(run_until([&] { return a->leads() == b->leads(); }, 2s));
}

TEST_F(Leases, ADeadHolderIsFollowed) {
  auto a = start("a");
  ASSERT_TRUE(run_until([&] { return a->leads(); }));
  const auto b = start("b");
  ASSERT_TRUE(run_until([&] { return b->waits_for == "a"; }));
  a.reset();
  EXPECT_FALSE(run_until([&] { return b->leads(); }, 2s));
  ASSERT_TRUE(run_until([&] { return b->leads(); }, 5s));
  EXPECT_EQ(b->token, FenceToken{2});
}

TEST_F(Leases, ADeletedOneIsMadeAgainAndTheCountRises) {
  const auto a = start("a");
  ASSERT_TRUE(run_until([&] { return a->leads(); }));
  remove();
  ASSERT_TRUE(run_until([&] { return a->token == FenceToken{2}; }));
  EXPECT_TRUE(a->leads());
  EXPECT_EQ(number_at(lease(), {"spec", "leaseTransitions"}), 2);
}

TEST_F(Leases, ADeletedOneThatAnotherMadeAgainIsLostAndTheCountCanBeRaised) {
  const auto a = start("a");
  ASSERT_TRUE(run_until([&] { return a->leads(); }));
  std::optional<Result<FenceToken>> raised;
  a->lease->raise_above(FenceToken{70}, [&](Result<FenceToken> result) { raised = std::move(result); });
  ASSERT_TRUE(run_until([&] { return raised.has_value(); }));
  EXPECT_EQ(raised->value(), FenceToken{71});
  remove();
  // A coordinator that never saw the old one: it counts from one.
  made(create_request(resources::kLeases, space_,
                      {{"metadata", object{{"name", "leader"}}},
                       {"spec", object{{"holderIdentity", "z"}, {"leaseDurationSeconds", 1}, {"leaseTransitions", 1}}}}));
  ASSERT_TRUE(run_until([&] { return a->lost.has_value(); }, 3s));
  EXPECT_THAT(a->lost->detail, HasSubstr("z holds the lease now"));
  const auto b = start("b");
  ASSERT_TRUE(run_until([&] { return b->leads(); }, 5s)) << "z never renews";
  EXPECT_EQ(b->token, FenceToken{2});
  raised.reset();
  b->lease->raise_above(FenceToken{71}, [&](Result<FenceToken> result) { raised = std::move(result); });
  ASSERT_TRUE(run_until([&] { return raised.has_value(); }));
  EXPECT_EQ(raised->value(), FenceToken{72}) << "agents that saw 71 obey again";
}

TEST_F(Leases, AServerThatHangsEndsLeadingInTime) {
  const auto a = start("a");
  ASSERT_TRUE(run_until([&] { return a->leads(); }));
  const auto began = std::chrono::steady_clock::now();
  server().hang();
  EXPECT_TRUE(run_until([&] { return a->lost.has_value(); }, 5s));
  EXPECT_LE(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_FALSE(a->leads());
  server().go_on();
  const auto b = start("b");
  EXPECT_TRUE(run_until([&] { return b->leads(); }));
}

TEST_F(Leases, WhoMayNotIsToldWhichVerb) {
  const auto powerless = connect(server().powerless_kubeconfig());
  Contender a(*powerless, scheduler_, named("leader"), "a");
  ASSERT_TRUE(run_until([&] { return !a.troubles.empty(); }));
  EXPECT_THAT(a.troubles.front(), HasSubstr("not allowed to get leases in namespace " + space_));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
