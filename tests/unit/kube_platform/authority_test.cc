// Agents' certificates signed by an authority that somebody else made, and its renewal.
#include "coordinator/platform/kube/kube_platform.h"

#include "common/time/wall_clock.h"
#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/objects/names.h"
#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const ClusterName kAdopting("cache");
const kube::ObjectName kAgents{"n", "cache-agents"};

class AdoptedAuthority : public testing::Test {
 protected:
  AdoptedAuthority() { start(); }

  void start() {
    platform_ = std::make_unique<kube::KubePlatform>(
        api_, scheduler_, kube::Features{.server = {1, 20}}, kube::KubePlatformOptions{.spaces = {}, .helper_image = "helper:1", .seed = 1},
        kube::KubePlatform::Hooks{.synced = [] {}, .access_changed = [](const ClusterName&) {}});
    scheduler_.run_for(1s);
  }
  void open(bool names_it = true) {
    kube::KubeCluster made;
    made.object.name = kAdopting;
    made.object.space = "n";
    made.object.uid = "c-1";
    made.object.spec.image = "valkey:8.0.1";
    made.spec = {{"image", "valkey:8.0.1"}};
    if (names_it) made.spec["agentTls"] = boost::json::object{{"authoritySecretName", "made-by-others"}};
    cluster_ = made.object;
    platform_->open_cluster(made);
    scheduler_.run_for(1s);
  }
  // RETURNS the certificate.
  std::string put_authority(const std::string& label = "true", std::chrono::hours age = 0h) {
    const auto made = *tls::Authority::make(ClusterName("others"), wall_clock(scheduler_) - age);
    api_.put("secrets",
             boost::json::object{{"metadata", boost::json::object{{"name", "made-by-others"},
                                                                  {"namespace", "n"},
                                                                  {"labels", boost::json::object{{kube::kAuthorityLabel, label}}}}},
                                 {"data", boost::json::object{{"tls.crt", kube::to_base64(made.certificate_pem())},
                                                              {"tls.key", kube::to_base64(made.key_pem())}}}});
    scheduler_.run_for(1s);
    return made.certificate_pem();
  }
  void create(const std::string& pod) {
    platform_->create(cluster_, model::PodRequest{.name = PodName(pod), .shard = ShardId{0}},
                      [](const Result<void>& made) { EXPECT_TRUE(made) << to_string(made.error()); });
    scheduler_.run_for(1s);
  }
  std::string of_agents(const std::string& key) { return kube::secret_value(*api_.find("secrets", kAgents), key).value_or(""); }
  bool signs(const std::string& authority) {
    const auto coordinator = platform_->issue_coordinator(kAdopting);
    const bool for_coordinator = coordinator && tls::check({authority, coordinator->certificate_pem, coordinator->key_pem});
    const bool for_agents = bool(tls::check({authority, of_agents("cache-a.crt"), of_agents("cache-a.key")}));
    EXPECT_EQ(for_coordinator, for_agents);
    return for_coordinator && for_agents;
  }
  std::string troubles() {
    std::string text;
    for (const auto& [what, error] : platform_->troubles(kAdopting)) text += to_string(error) + "\n";
    return text;
  }

  FakeScheduler scheduler_;
  FakeKubeApi api_{scheduler_};
  model::ClusterObject cluster_;
  std::unique_ptr<kube::KubePlatform> platform_;
};

TEST_F(AdoptedAuthority, SignsFromTheBeginning) {
  const auto authority = put_authority();
  open();
  create("cache-a");
  EXPECT_EQ(of_agents("ca.crt"), authority);
  EXPECT_TRUE(signs(authority));
  EXPECT_EQ(troubles(), "");
  api_.writes.clear();
  scheduler_.run_for(10h);
  EXPECT_THAT(api_.writes, testing::IsEmpty());
}

TEST_F(AdoptedAuthority, IsWaitedForAndTheReasonIsSaid) {
  open();
  EXPECT_FALSE(platform_->authority_of(kAdopting));
  EXPECT_THAT(troubles(), HasSubstr("Secret made-by-others: spec.agentTls names it, and there is none with the label "
                                    "shardkeeper.io/certificate-authority=true"));
  const auto authority = put_authority();
  EXPECT_EQ(platform_->authority_of(kAdopting), authority);
  EXPECT_EQ(troubles(), "");
}

TEST_F(AdoptedAuthority, ThatIsNoneIsNamedAndTheFormerOneGoesOn) {
  const auto authority = put_authority();
  open();
  create("cache-a");
  auto broken = *api_.find("secrets", {"n", "made-by-others"});
  broken["data"].as_object()["tls.key"] = kube::to_base64("no key");
  api_.put("secrets", broken);
  scheduler_.run_for(1h);
  EXPECT_THAT(troubles(), HasSubstr("Secret made-by-others: CA key: is no PEM private key"));
  EXPECT_TRUE(signs(authority));
}

TEST_F(AdoptedAuthority, RenewedTakesOverInThreeSteps) {
  const auto first = put_authority();
  open();
  create("cache-a");
  scheduler_.run_for(1h);
  const auto second = put_authority();
  EXPECT_EQ(of_agents("ca.crt"), first + second);
  EXPECT_TRUE(signs(first));
  scheduler_.run_for(9min);
  EXPECT_TRUE(signs(first));
  scheduler_.run_for(2min);
  EXPECT_EQ(of_agents("ca.crt"), second + first);
  EXPECT_TRUE(signs(second));
  scheduler_.run_for(11min);
  EXPECT_EQ(of_agents("ca.crt"), second);
  EXPECT_TRUE(signs(second));
}

TEST_F(AdoptedAuthority, ASuccessorGoesOnWhereTheLastCoordinatorStopped) {
  open(false);
  create("cache-a");
  const auto own = *platform_->authority_of(kAdopting);
  const auto adopted = put_authority();
  open();
  EXPECT_EQ(of_agents("ca.crt"), own + adopted);
  start();
  open();
  EXPECT_EQ(platform_->authority_of(kAdopting), own + adopted);
  EXPECT_TRUE(signs(own));
  scheduler_.run_for(11min);
  EXPECT_TRUE(signs(adopted));
  start();
  open();
  scheduler_.run_for(11min);
  EXPECT_EQ(of_agents("ca.crt"), adopted);
  EXPECT_TRUE(signs(adopted));
}

TEST_F(AdoptedAuthority, AStepThatCouldNotBeWrittenIsWaitedFor) {
  const auto first = put_authority();
  open();
  create("cache-a");
  api_.refuse = [](const kube::Request& request) -> std::optional<Error> {
    if (request.method == kube::Method::kPatch && request.path.find("cache-agents") != std::string::npos)
      return refused("PATCH secrets", "denied by a webhook");
    return std::nullopt;
  };
  const auto second = put_authority();
  scheduler_.run_for(1h);
  EXPECT_EQ(of_agents("ca.crt"), first);
  EXPECT_TRUE(signs(first)) << "no agent trusts the second one yet";
  api_.refuse = nullptr;
  scheduler_.run_for(3min);
  EXPECT_EQ(of_agents("ca.crt"), first + second);
  EXPECT_TRUE(signs(first));
  scheduler_.run_for(12min);
  EXPECT_TRUE(signs(second));
}

TEST_F(AdoptedAuthority, TakenBackOnTheWayLeavesTheFormerOneAlone) {
  const auto first = put_authority();
  open();
  create("cache-a");
  const auto second = put_authority();
  EXPECT_EQ(of_agents("ca.crt"), first + second);
  open(false);
  scheduler_.run_for(12min);
  EXPECT_EQ(of_agents("ca.crt"), first);
  EXPECT_TRUE(signs(first));
  EXPECT_EQ(troubles(), "");
}

TEST_F(AdoptedAuthority, ACorrectedNameEndsTheTrouble) {
  open(false);
  create("cache-a");
  open();
  EXPECT_THAT(troubles(), HasSubstr("Secret made-by-others"));
  open(false);
  EXPECT_EQ(troubles(), "");
}

TEST_F(AdoptedAuthority, IdentitiesThatTheLastCoordinatorDidNotComeToAreSignedAnew) {
  const auto first = put_authority();
  open();
  create("cache-a");
  const auto of_the_first = *api_.find("secrets", kAgents);
  const auto second = put_authority();
  scheduler_.run_for(11min);
  EXPECT_TRUE(signs(second));
  platform_.reset();
  api_.put("secrets", of_the_first);
  start();
  open();
  EXPECT_EQ(of_agents("ca.crt"), second + first);
  EXPECT_TRUE(signs(second)) << "and the pod's is there";
}

TEST_F(AdoptedAuthority, OneThatEndsSoonIsSaid) {
  put_authority("true", 24h * 365 * 9 + 48h);
  open();
  create("cache-a");
  EXPECT_THAT(troubles(), HasSubstr("; renew it, or no agent can be commanded from then on"));
}

}  // namespace
}  // namespace shardkeeper::test
