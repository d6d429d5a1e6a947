#include "coordinator/platform/kube/client/requests.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::platform::kube {
namespace {

using namespace std::chrono_literals;
using boost::json::object;

const Resource kClusters{"shardkeeper.io/v1alpha1", "ValkeyCluster", "valkeyclusters"};

TEST(Requests, PathsFollowTheGroup) {
  EXPECT_EQ(path_of(resources::kPods, {"a", "b"}), "/api/v1/namespaces/a/pods/b");
  EXPECT_EQ(path_of(resources::kNodes, {"", "n"}), "/api/v1/nodes/n");
  EXPECT_EQ(path_of(kClusters, {"a", "b"}, "status"), "/apis/shardkeeper.io/v1alpha1/namespaces/a/valkeyclusters/b/status");
  EXPECT_EQ(collection_path(resources::kPods, ""), "/api/v1/pods");
  EXPECT_EQ(collection_path(resources::kNodes, "a"), "/api/v1/nodes") << "a kind without namespaces has none";
}

TEST(Requests, NothingInANameCanLeaveThePath) {
  EXPECT_EQ(path_of(resources::kPods, {"a/../b", "c?d=e\r\n"}), "/api/v1/namespaces/a%2F..%2Fb/pods/c%3Fd%3De%0D%0A");
}

TEST(Requests, ListsArePagedAndSelected) {
  EXPECT_EQ(list_request(resources::kPods, {"a", "x in (b,c)", ""}, 200, "").path,
            "/api/v1/namespaces/a/pods?labelSelector=x%20in%20%28b%2Cc%29&limit=200");
  EXPECT_EQ(list_request(resources::kPods, {}, 0, "t+/=").path, "/api/v1/pods?continue=t%2B%2F%3D");
}

TEST(Requests, AWatchIsGivenUpAfterTheServersOwnEnd) {
  const auto watch = watch_request(resources::kLeases, {"a", "", "metadata.name=b"}, "12", 100s);
  EXPECT_EQ(watch.path,
            "/apis/coordination.k8s.io/v1/namespaces/a/leases?watch=true&allowWatchBookmarks=true&fieldSelector=metadata.name%3Db"
            "&resourceVersion=12&timeoutSeconds=100");
  EXPECT_EQ(watch.silence_max, 115s);
}

TEST(Requests, ApplyForcesAndNames) {
  const auto apply = apply_request(kClusters, {"a", "b"}, object{{"spec", object{{"x", 1}}}}, {"shard keeper"}, "status");
  EXPECT_EQ(apply.method, Method::kPatch);
  EXPECT_EQ(apply.path, "/apis/shardkeeper.io/v1alpha1/namespaces/a/valkeyclusters/b/status?fieldManager=shard%20keeper&force=true");
  EXPECT_EQ(apply.content_type, "application/apply-patch+yaml");
  EXPECT_EQ(*apply.body, (boost::json::value{{"apiVersion", "shardkeeper.io/v1alpha1"},
                                             {"kind", "ValkeyCluster"},
                                             {"metadata", object{{"name", "b"}, {"namespace", "a"}}},
                                             {"spec", object{{"x", 1}}}}));
}

TEST(Requests, PatchesSayTheirKind) {
  EXPECT_EQ(merge_patch_request(resources::kPods, {"a", "b"}, {}).content_type, "application/merge-patch+json");
  EXPECT_EQ(strategic_patch_request(resources::kPods, {"a", "b"}, {}, "status").content_type, "application/strategic-merge-patch+json");
}

TEST(Requests, DeletionHasItsConditions) {
  const auto removal = delete_request(resources::kPods, {"a", "b"}, {.uid = "u", .resource_version = "7"}, 30s);
  EXPECT_EQ(removal.method, Method::kDelete);
  EXPECT_EQ(*removal.body, (boost::json::value{{"apiVersion", "v1"},
                                               {"kind", "DeleteOptions"},
                                               {"gracePeriodSeconds", 30},
                                               {"preconditions", object{{"uid", "u"}, {"resourceVersion", "7"}}}}));
  EXPECT_FALSE(delete_request(resources::kPods, {"a", "b"}, {}, 30s).body->as_object().contains("preconditions"));
}

TEST(Requests, AnEvictionNamesItsPodAndVersion) {
  const auto eviction = evict_request("policy/v1beta1", {"a", "b"}, {.uid = "u", .resource_version = ""}, 30s);
  EXPECT_EQ(eviction.path, "/api/v1/namespaces/a/pods/b/eviction");
  const auto& body = eviction.body->as_object();
  EXPECT_EQ(body.at("apiVersion").as_string(), "policy/v1beta1");
  EXPECT_EQ(body.at("metadata").at("name").as_string(), "b");
  EXPECT_EQ(body.at("deleteOptions").at("preconditions").at("uid").as_string(), "u");
}

}  // namespace
}  // namespace shardkeeper::platform::kube
