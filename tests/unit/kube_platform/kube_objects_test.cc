#include "coordinator/surroundings/kube_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::coordinator {
namespace {

using testing::HasSubstr;

class KubeObjectsTest : public testing::Test {
 protected:
  void saw(const std::string& space, const std::string& uid, int shards, const std::string& more = "") {
    objects_.saw({space, "cache"},
                 boost::json::parse(R"({"apiVersion": "shardkeeper.io/v1alpha1", "kind": "ValkeyCluster", "metadata": {"name": "cache",
                     "namespace": ")" +
                                    space + R"(", "uid": ")" + uid + R"(", "generation": )" + std::to_string(++generation_) + more +
                                    R"(}, "spec": {"image": "v:8.0.1", "shards": )" + std::to_string(shards) + "}}")
                     .as_object());
  }
  const SeenObject* running() const { return objects_.running(ClusterName("cache")); }

  int generation_ = 0;
  KubeObjects objects_;
};

TEST_F(KubeObjectsTest, AGoodOneIsRun) {
  saw("a", "1", 3);
  ASSERT_NE(running(), nullptr);
  EXPECT_EQ(running()->good.object.spec.shards, 3);
  EXPECT_EQ(running()->rejected_because, "");
}

TEST_F(KubeObjectsTest, ABadChangeLeavesTheRunningClusterAsItWas) {
  saw("a", "1", 3);
  saw("a", "1", 2);
  ASSERT_NE(running(), nullptr);
  EXPECT_EQ(running()->good.object.spec.shards, 3);
  EXPECT_THAT(running()->rejected_because, HasSubstr("spec.shards: must be 1 or at least 3"));
  EXPECT_EQ(running()->generation, 2);
  saw("a", "1", 5);
  EXPECT_EQ(running()->good.object.spec.shards, 5);
  EXPECT_EQ(running()->rejected_because, "");
}

TEST_F(KubeObjectsTest, AWrittenStatusIsNothingNew) {
  const auto object = boost::json::parse(R"({"apiVersion": "shardkeeper.io/v1alpha1", "kind": "ValkeyCluster",
      "metadata": {"name": "cache", "namespace": "a", "uid": "1", "generation": 1}, "spec": {"image": "v:8.0.1"}})")
                          .as_object();
  EXPECT_TRUE(objects_.saw({"a", "cache"}, object));
  auto with_status = object;
  with_status["status"] = boost::json::object{{"shards", 3}};
  EXPECT_FALSE(objects_.saw({"a", "cache"}, with_status));
}

TEST_F(KubeObjectsTest, OneThatNeverWasGoodIsNotRun) {
  saw("a", "1", 2);
  EXPECT_EQ(running(), nullptr);
  EXPECT_THAT(objects_.all().begin()->second.rejected_because, HasSubstr("spec.shards"));
}

TEST_F(KubeObjectsTest, NothingOfAFormerObjectHolds) {
  saw("a", "1", 3);
  saw("a", "2", 2);
  EXPECT_EQ(running(), nullptr) << "the good spec was another object's";
}

TEST_F(KubeObjectsTest, OneThatIsBeingDeletedIsGone) {
  saw("a", "1", 3);
  saw("a", "1", 3, R"(, "deletionTimestamp": "2026-11-25T12:00:00Z")");
  EXPECT_EQ(running(), nullptr);
}

TEST_F(KubeObjectsTest, TheFirstOfTwoNamespacesKeepsTheName) {
  saw("b", "1", 3);
  saw("a", "2", 5);
  EXPECT_EQ(running()->good.object.space, "b");
  EXPECT_THAT(objects_.all().at({"a", "cache"}).rejected_because, HasSubstr("namespace b"));
  objects_.gone({"b", "cache"});
  ASSERT_NE(running(), nullptr);
  EXPECT_EQ(running()->good.object.space, "a");
  EXPECT_EQ(running()->rejected_because, "");
}

}  // namespace
}  // namespace shardkeeper::coordinator
