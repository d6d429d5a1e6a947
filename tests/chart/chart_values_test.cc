// Values that cannot work are refused before anything is installed.
#include "tests/chart/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::test {
namespace {

struct BadValue {
  const char* set;
  const char* said;  // part of what helm says
};

void expect_refused(const char* chart, const std::vector<BadValue>& values) {
  for (const auto& [set, said] : values) {
    const auto answer = helm({"template", "x", chart, "--set", set});
    EXPECT_FALSE(answer.ok()) << set << " was taken";
    EXPECT_THAT(answer.output, testing::HasSubstr(said)) << set;
  }
}

TEST(ShardkeeperValues, AreChecked) {
  expect_refused("deploy/helm/shardkeeper", {{"replicaCount=zero", "got string, want integer"},
                                             {"replicaCount=-1", "minimum"},
                                             {"replicas=3", "additional properties 'replicas' not allowed"},
                                             {"image.pullPolicy=Sometimes", "'Always', 'IfNotPresent', 'Never'"},
                                             {"image.repository=", "minLength"},
                                             {"watchNamespaces={UPPER}", "does not match pattern"},
                                             {"watchNamespaces=shop", "want array"},
                                             {"log.level=loud", "'debug', 'info', 'warn', 'error'"},
                                             {"metrics.port=0", "minimum"},
                                             {"metrics.podMonitor.interval=often", "does not match pattern"},
                                             {"crds.create=perhaps", "want boolean"}});
}

TEST(ClusterValues, AreChecked) {
  expect_refused("deploy/helm/valkey-cluster", {{"shards=2", "'not' failed"},
                                                {"shards=0", "minimum"},
                                                {"replicasPerShard=6", "maximum"},
                                                {"spread.workers=Never", "'Preferred', 'Required'"},
                                                {"image.tag=", "minLength"},
                                                {"name=Cache", "does not match pattern"},
                                                {"spec.hostNetwork=true", "additional properties 'hostNetwork' not allowed"},
                                                {"spec.replicas=3", "additional properties 'replicas' not allowed"},
                                                {"config.appendonly=true", "want integer or string"},
                                                {"resources.claims=1", "additional properties 'claims' not allowed"}});
}

TEST(ClusterValues, NameIsNotTooLong) {
  const auto answer = helm({"template", std::string(41, 'a'), "deploy/helm/valkey-cluster"});
  EXPECT_FALSE(answer.ok());
  EXPECT_THAT(answer.output, testing::HasSubstr("the cluster's name may have 40 characters"));
}

}  // namespace
}  // namespace shardkeeper::test
