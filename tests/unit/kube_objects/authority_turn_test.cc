#include "coordinator/platform/kube/objects/authority_turn.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

using namespace platform::kube;
using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds kBegin{std::chrono::seconds(1'780'000'000)};
tls::Authority an_authority() { return *tls::Authority::make(ClusterName("cache"), kBegin); }

TEST(AuthorityTurn, NothingIsDoneForTheAuthorityThatSigns) {
  const ClusterKeys keys{an_authority(), "p", true, "", kBegin};
  const auto turn = turn_authority(keys, keys.authority, kBegin + 24h);
  EXPECT_FALSE(turn.next);
  EXPECT_FALSE(turn.due_at);
}

// At every moment an agent may have read the Secret of one step ago.
TEST(AuthorityTurn, NoTwoNeighbouringStepsDistrustEachOther) {
  const auto old_one = an_authority(), new_one = an_authority();
  ClusterKeys keys{old_one, "p"};
  std::chrono::sys_seconds now = kBegin;
  int steps = 0;
  for (; steps < 9; ++steps) {
    const auto turn = turn_authority(keys, new_one, now);
    if (!turn.next) break;
    EXPECT_NE(keys.trusted_pem().find(turn.next->authority.certificate_pem()), std::string::npos)
        << "who has the former Secret trusts who has this one";
    EXPECT_NE(turn.next->trusted_pem().find(keys.authority.certificate_pem()), std::string::npos) << "and the other way round";
    keys = *turn.next;
    EXPECT_EQ(keys.since, now);
    const auto early = turn_authority(keys, new_one, now + kSecretsSpreadIn - 1s);
    EXPECT_FALSE(early.next) << "before it has spread";
    now += kSecretsSpreadIn;
  }
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(keys.trusted_pem(), new_one.certificate_pem());
  EXPECT_TRUE(keys.is_adopted);
  EXPECT_EQ(keys.replication_password, "p");
}

TEST(AuthorityTurn, OneThatChangesOnTheWayIsAnnouncedAnew) {
  const auto old_one = an_authority(), second = an_authority(), third = an_authority();
  ClusterKeys keys = *turn_authority({old_one, "p"}, second, kBegin).next;
  const auto turn = turn_authority(keys, third, kBegin + 1h);
  ASSERT_TRUE(turn.next);
  EXPECT_EQ(turn.next->authority.certificate_pem(), old_one.certificate_pem());
  EXPECT_EQ(turn.next->also_trusted_pem, third.certificate_pem());
  EXPECT_EQ(turn.due_at, kBegin + 1h + kSecretsSpreadIn);
}

TEST(AuthorityTurn, OneThatChangesAgainWaitsUntilTheLastStepHasSpread) {
  const auto first = an_authority(), second = an_authority(), third = an_authority();
  ClusterKeys keys = *turn_authority({first, "p"}, second, kBegin).next;
  keys = *turn_authority(keys, second, kBegin + 10min).next;  // the second one signs, agents may still show the first one's
  const auto early = turn_authority(keys, third, kBegin + 11min);
  EXPECT_FALSE(early.next);
  EXPECT_EQ(early.due_at, kBegin + 20min);
  EXPECT_EQ(turn_authority(keys, third, kBegin + 20min).next->also_trusted_pem, third.certificate_pem());
}

TEST(AuthorityTurn, OneThatIsNotWantedAnyMoreIsNotTrustedForEver) {
  const auto first = an_authority(), second = an_authority();
  const ClusterKeys keys = *turn_authority({first, "p"}, second, kBegin).next;
  EXPECT_FALSE(turn_authority(keys, first, kBegin + 9min).next);
  EXPECT_EQ(turn_authority(keys, first, kBegin + 10min).next->trusted_pem(), first.certificate_pem());
}

}  // namespace
}  // namespace shardkeeper::test
