#include "coordinator/platform/kube/objects/secrets.h"
#include "coordinator/platform/kube/client/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

namespace shardkeeper::test {
namespace {

using namespace platform::kube;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'780'000'000)};
const model::ClusterObject kCluster{.name = ClusterName("cache"), .space = "shop", .uid = "c-1", .spec = {}};

ClusterKeys fresh_keys() { return {*tls::Authority::make(kCluster.name, kNow), "a-password"}; }

TEST(Base64, GoesThereAndBack) {
  using namespace std::string_literals;
  for (const auto& text : {""s, "a"s, "ab"s, "abc"s, "\0\xff\n"s, "-----BEGIN CERTIFICATE-----\n"s})
    EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_EQ(to_base64("Valkey"), "VmFsa2V5");
  EXPECT_EQ(from_base64("no*base64"), std::nullopt);
  EXPECT_EQ(from_base64("????"), std::nullopt);
}

TEST(AuthoritySecret, GoesThereAndBack) {
  const auto keys = fresh_keys();
  const auto secret = authority_secret(kCluster, keys);
  const auto read = read_authority_secret(kCluster.name, secret);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->authority.certificate_pem(), keys.authority.certificate_pem());
  EXPECT_EQ(read->authority.key_pem(), keys.authority.key_pem());
  EXPECT_EQ(read->replication_password, "a-password");
}

TEST(AuthoritySecret, SaysWhatIsWrong) {
  auto secret = authority_secret(kCluster, fresh_keys());
  secret["data"].as_object().erase("ca.key");
  const auto read = read_authority_secret(kCluster.name, secret);
  ASSERT_FALSE(read);
  EXPECT_THAT(to_string(read.error()), HasSubstr("Secret cache-ca: has no ca.key"));
  EXPECT_FALSE(read_authority_secret(ClusterName("other"), authority_secret(kCluster, fresh_keys()))) << "another cluster's";
}

TEST(AgentsSecret, HoldsOneIdentityAPodAndNotTheAuthoritysKey) {
  const auto keys = fresh_keys();
  const AgentIdentities identities{{PodName("cache-a"), *keys.authority.issue_agent(PodName("cache-a"), kNow)},
                                   {PodName("cache-b"), *keys.authority.issue_agent(PodName("cache-b"), kNow)}};
  const auto secret = agents_secret(kCluster, keys, identities);
  EXPECT_EQ(read_agents_secret(secret), identities);
  EXPECT_THAT(boost::json::serialize(secret), Not(HasSubstr(to_base64(keys.authority.key_pem()))));
}

TEST(AgentsSecret, DamagedIdentitiesAreLeftOut) {
  const auto keys = fresh_keys();
  const AgentIdentities identities{{PodName("cache-a"), *keys.authority.issue_agent(PodName("cache-a"), kNow)},
                                   {PodName("cache-b"), *keys.authority.issue_agent(PodName("cache-b"), kNow)}};
  auto secret = agents_secret(kCluster, keys, identities);
  secret["data"].as_object()["cache-a.key"] = to_base64("nonsense");
  EXPECT_THAT(read_agents_secret(secret), UnorderedElementsAre(Key(PodName("cache-b"))));
}

TEST(IdentityVolume, ShowsAPodItsOwnKeysOnly) {
  EXPECT_EQ(boost::json::serialize(identity_volume(ClusterName("cache"), PodName("cache-a")).at("secret")),
            R"({"secretName":"cache-agents","defaultMode":288,"items":[{"key":"ca.crt","path":"ca.crt"},)"
            R"({"key":"cache-a.crt","path":"tls.crt"},{"key":"cache-a.key","path":"tls.key"}]})");
}

TEST(AuthoritySecret, KeepsHowFarAnAdoptedAuthorityIs) {
  auto keys = fresh_keys();
  const auto before = keys.authority.certificate_pem();
  keys.authority = *tls::Authority::adopt(kCluster.name, before, keys.authority.key_pem());
  keys.is_adopted = true;
  keys.also_trusted_pem = fresh_keys().authority.certificate_pem();
  keys.since = kNow;
  const auto read = read_authority_secret(kCluster.name, authority_secret(kCluster, keys));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_TRUE(read->is_adopted);
  EXPECT_EQ(read->also_trusted_pem, keys.also_trusted_pem);
  EXPECT_EQ(read->since, kNow);
  const AgentIdentities identities{{PodName("cache-a"), *keys.authority.issue_agent(PodName("cache-a"), kNow)}};
  const auto agents = agents_secret(kCluster, keys, identities);
  EXPECT_EQ(secret_value(agents, "ca.crt"), keys.authority.certificate_pem() + keys.also_trusted_pem);
  EXPECT_EQ(read_agents_secret(agents).size(), 1U) << "signed by one of the two";
}

}  // namespace
}  // namespace shardkeeper::test
