#include "coordinator/platform/kube/client/features.h"
#include "tests/kubeapi/api_fixture.h"

#include <gmock/gmock.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

class Objects : public ApiFixture {};

TEST_F(Objects, AreMadeReadChangedAndDeleted) {
  made(create_request(resources::kConfigMaps, space_, config_map("a", "1")));
  auto seen = made(get_request(resources::kConfigMaps, named("a")));
  EXPECT_EQ(text_at(seen, {"data", "value"}), "1");
  made(merge_patch_request(resources::kConfigMaps, named("a"), {{"data", object{{"value", "2"}, {"more", "3"}}}}));
  seen = made(get_request(resources::kConfigMaps, named("a")));
  EXPECT_EQ(text_at(seen, {"data", "value"}), "2");
  EXPECT_EQ(text_at(seen, {"data", "more"}), "3");
  made(delete_request(resources::kConfigMaps, named("a"), {.uid = text_at(seen, {"metadata", "uid"}), .resource_version = ""}, 0s));
  EXPECT_EQ(error_of(get_request(resources::kConfigMaps, named("a"))).kind, ErrorKind::kNotFound);
}

TEST_F(Objects, ATakenNameAndAnOldVersionAreConflicts) {
  const auto first = made(create_request(resources::kConfigMaps, space_, config_map("a", "1")));
  EXPECT_EQ(error_of(create_request(resources::kConfigMaps, space_, config_map("a", "1"))).kind, ErrorKind::kConflict);
  auto second = first;
  second["data"].as_object()["value"] = "2";
  made(replace_request(resources::kConfigMaps, named("a"), second));
  const auto stale = error_of(replace_request(resources::kConfigMaps, named("a"), second));
  EXPECT_EQ(stale.kind, ErrorKind::kConflict);
  EXPECT_THAT(stale.detail, HasSubstr("the object has been modified"));
}

TEST_F(Objects, DeletionIsOnlyOfTheOneThatWasMeant) {
  const auto old = made(create_request(resources::kConfigMaps, space_, config_map("a", "1")));
  const Preconditions of_old{.uid = text_at(old, {"metadata", "uid"}), .resource_version = ""};
  made(delete_request(resources::kConfigMaps, named("a"), of_old, 0s));
  made(create_request(resources::kConfigMaps, space_, config_map("a", "2")));
  EXPECT_EQ(error_of(delete_request(resources::kConfigMaps, named("a"), of_old, 0s)).kind, ErrorKind::kConflict);
  EXPECT_EQ(text_at(made(get_request(resources::kConfigMaps, named("a"))), {"data", "value"}), "2");
}

TEST_F(Objects, ApplyOwnsWhatItNames) {
  const FieldManager us{"shardkeeper"};
  auto wanted = config_map("a", "1");
  wanted["data"].as_object()["ours"] = "x";
  made(apply_request(resources::kConfigMaps, named("a"), wanted, us));
  made(merge_patch_request(resources::kConfigMaps, named("a"), {{"data", object{{"theirs", "y"}, {"value", "edited"}}}}));
  const auto applied = made(apply_request(resources::kConfigMaps, named("a"), config_map("a", "2"), us));
  EXPECT_EQ(applied.at("data"), (boost::json::value{{"theirs", "y"}, {"value", "2"}}))
      << "ours that we no longer name is gone, theirs stays";
  const auto again = made(apply_request(resources::kConfigMaps, named("a"), config_map("a", "2"), us));
  EXPECT_EQ(version_of(again), version_of(applied)) << "applying the same writes nothing";
}

TEST_F(Objects, AStrategicPatchMergesConditions) {
  made(create_request(resources::kPods, space_, pod("p")));
  const auto condition = [](const char* type, const char* status) {
    return object{{"status", object{{"conditions", boost::json::array{object{{"type", type}, {"status", status}}}}}}};
  };
  made(strategic_patch_request(resources::kPods, named("p"), condition("shardkeeper.io/in-cluster", "True"), "status"));
  made(strategic_patch_request(resources::kPods, named("p"), condition("other", "True"), "status"));
  const auto patched =
      made(strategic_patch_request(resources::kPods, named("p"), condition("shardkeeper.io/in-cluster", "False"), "status"));
  const auto& conditions = *find_array(patched, {"status", "conditions"});
  ASSERT_EQ(conditions.size(), 2U);
  for (const auto& one : conditions)
    EXPECT_EQ(text_at(one.as_object(), {"status"}), text_at(one.as_object(), {"type"}) == "other" ? "True" : "False");
}

TEST_F(Objects, WhatIsWrongIsInvalidAndNamesTheField) {
  auto wrong = pod("p");
  wrong["spec"].as_object()["restartPolicy"] = "Sometimes";
  const auto error = error_of(create_request(resources::kPods, space_, wrong));
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_THAT(error.detail, HasSubstr("restartPolicy"));
}

TEST_F(Objects, AnEvictionAsksTheBudget) {
  std::optional<Result<Features>> features;
  discover(*api_, [&](Result<Features> found) { features = std::move(found); });
  ASSERT_TRUE(run_until([&] { return features.has_value(); }));
  ASSERT_TRUE(features->has_value()) << to_string(features->error());
  EXPECT_GE((*features)->server, (KubeVersion{1, 20}));
  const auto budgets = (*features)->budgets();
  const auto uid = text_at(made(create_request(resources::kPods, space_, pod("p"))), {"metadata", "uid"});
  // There is no kubelet: the test says that the pod runs and is ready, and is the controller that counts.
  const boost::json::array conditions{object{{"type", "Ready"}, {"status", "True"}}};
  made(strategic_patch_request(resources::kPods, named("p"), {{"status", object{{"phase", "Running"}, {"conditions", conditions}}}},
                               "status"));
  made(create_request(budgets, space_,
                      {{"metadata", object{{"name", "b"}}},
                       {"spec", object{{"minAvailable", 1}, {"selector", object{{"matchLabels", object{{"app", "x"}}}}}}}}));
  const auto count = [&](int allowed) {
    made(merge_patch_request(budgets, named("b"),
                             {{"status", object{{"observedGeneration", 1},
                                                {"disruptionsAllowed", allowed},
                                                {"currentHealthy", 1 + allowed},
                                                {"desiredHealthy", 1},
                                                {"expectedPods", 1 + allowed}}}},
                             "status"));
  };
  count(0);
  const auto evict = evict_request((*features)->eviction_api, named("p"), {.uid = uid, .resource_version = ""}, 0s);
  const auto refusal = error_of(evict);
  EXPECT_EQ(refusal.kind, ErrorKind::kRefused);
  EXPECT_THAT(refusal.detail, HasSubstr("disruption budget"));
  count(1);
  made(evict);
  EXPECT_EQ(error_of(get_request(resources::kPods, named("p"))).kind, ErrorKind::kNotFound);
}

TEST_F(Objects, AResourceThatIsNotServedIsSeen) {
  std::optional<Result<bool>> served;
  const auto is_served = [&](const Resource& resource) {
    served.reset();
    discover_resource(*api_, resource, [&](Result<bool> is) { served = std::move(is); });
    EXPECT_TRUE(run_until([&] { return served.has_value(); }));
    return served->value();
  };
  EXPECT_TRUE(is_served(resources::kPods));
  EXPECT_TRUE(is_served(resources::kLeases));
  EXPECT_FALSE(is_served({"shardkeeper.io/v9", "ValkeyCluster", "valkeyclusters"}));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
