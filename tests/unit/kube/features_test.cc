#include "coordinator/platform/kube/client/features.h"

#include "tests/unit/kube/scripted_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

class FeaturesTest : public testing::Test {
 protected:
  void start() {
    discover(api_, [this](Result<Features> found) { found_ = std::move(found); });
  }
  test::ScriptedApi api_;
  std::optional<Result<Features>> found_;
};

TEST_F(FeaturesTest, AnOldServer) {
  start();
  api_.answer_json(R"({"major":"1","minor":"20","gitVersion":"v1.20.2"})");
  api_.answer_json(R"({"resources":[{"name":"pods"},{"name":"pods/eviction","group":"policy","version":"v1beta1","kind":"Eviction"}]})");
  EXPECT_EQ(api_.asked.front().request.path, "/apis/policy/v1");
  api_.answer(Result<boost::json::value>(not_found("GET", "404")));
  ASSERT_TRUE(found_ && *found_);
  EXPECT_EQ(**found_, (Features{{1, 20}, "v1.20.2", "policy/v1beta1", "policy/v1beta1", false}));
  EXPECT_EQ((*found_)->budgets(), (Resource{"policy/v1beta1", "PodDisruptionBudget", "poddisruptionbudgets"}));
}

TEST_F(FeaturesTest, ANewServer) {
  start();
  api_.answer_json(R"({"gitVersion":"v1.36.0-beta.1+abc"})");
  api_.answer_json(R"({"resources":[{"name":"pods/eviction","group":"policy","version":"v1","kind":"Eviction"}]})");
  api_.answer_json(R"({"resources":[{"name":"poddisruptionbudgets"}]})");
  ASSERT_TRUE(found_ && *found_);
  EXPECT_EQ(**found_, (Features{{1, 36}, "v1.36.0-beta.1+abc", "policy/v1", "policy/v1", true}));
}

TEST_F(FeaturesTest, WhatIsNoServerOfOursIsSaid) {
  start();
  api_.answer_json(R"({"gitVersion":"v1.19.9"})");
  EXPECT_THAT(to_string(found_->error()), HasSubstr("is version 1.19; at least 1.20 is needed"));
  start();
  api_.answer_json("[]");
  EXPECT_EQ(found_->error().kind, ErrorKind::kInvalid);
  start();
  api_.answer_json(R"({"gitVersion":"v1.20.2"})");
  api_.answer_json("{}");
  EXPECT_THAT(to_string(found_->error()), HasSubstr("no eviction"));
  start();
  api_.answer(Result<boost::json::value>(unavailable("GET", "away")));
  EXPECT_EQ(found_->error().kind, ErrorKind::kUnavailable);
}

TEST_F(FeaturesTest, AResourceIsThereOrNot) {
  std::optional<Result<bool>> there;
  const auto ask = [&] {
    discover_resource(api_, {"shardkeeper.io/v1alpha1", "ValkeyCluster", "valkeyclusters"},
                      [&](Result<bool> is) { there = std::move(is); });
  };
  ask();
  EXPECT_EQ(api_.asked.front().request.path, "/apis/shardkeeper.io/v1alpha1");
  api_.answer_json(R"({"resources":[{"name":"valkeyclusters/status"},{"name":"valkeyclusters"}]})");
  EXPECT_TRUE(there->value());
  ask();
  api_.answer_json(R"({"resources":[{"name":"others"}]})");
  EXPECT_FALSE(there->value());
  ask();
  api_.answer(Result<boost::json::value>(unavailable("GET", "away")));
  EXPECT_FALSE(there->has_value()) << "unknown is not no";
}

TEST(KubeVersionTest, IsReadAndCompared) {
  EXPECT_EQ(parse_version("v1.29.3-gke.5").value(), (KubeVersion{1, 29}));
  EXPECT_EQ(parse_version("1.36").value(), (KubeVersion{1, 36}));
  EXPECT_LT((KubeVersion{1, 9}), (KubeVersion{1, 20}));
  for (const char* wrong : {"", "v", "1", "1.", ".1", "v-1.2", "1.-2", "x1.2", "99999999999.1"})
    EXPECT_FALSE(parse_version(wrong).has_value()) << wrong;
}

TEST(NativeSidecars, NeedTheServerAndEveryKubelet) {
  EXPECT_TRUE(has_native_sidecars({1, 29}, {1, 29}));
  EXPECT_FALSE(has_native_sidecars({1, 30}, {1, 28})) << "that kubelet would wait for the sidecar to end, for ever";
  EXPECT_FALSE(has_native_sidecars({1, 28}, {1, 30}));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
