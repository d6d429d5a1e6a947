#include "coordinator/platform/kube/object_keeper.h"

#include "coordinator/platform/kube/objects/owner.h"
#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class ObjectKeeperTest : public testing::Test {
 protected:
  ObjectKeeperTest() {
    keeper_ = std::make_unique<kube::ObjectKeeper>(
        api_, scheduler_, kube::ObjectKeeper::Options{kube::resources::kServices, {}, "shardkeeper.io/cluster", 1},
        kube::ObjectKeeper::Hooks{.synced = [] {},
                                  .settled = [this](const kube::ObjectName& name) { settled_.push_back(name.name); },
                                  .troubled = [this](const kube::ObjectName&, const Error& error) { errors_.push_back(error); },
                                  .watch_troubled = [](const Error&) {}});
    scheduler_.run_for(1s);
  }

  boost::json::object service(const std::string& name, int port = 6379) {
    return {{"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", kube::metadata_of(cluster_, name, "client")},
            {"spec", boost::json::object{{"port", port}}}};
  }
  void want(std::vector<boost::json::object> objects) {
    keeper_->want("c-1", std::move(objects));
    scheduler_.run_for(1s);
  }
  std::int64_t port_of(const std::string& name) { return api_.find("services", {"n", name})->at("spec").at("port").as_int64(); }

  const model::ClusterObject cluster_{.name = ClusterName("cache"), .space = "n", .uid = "c-1", .spec = {}};
  FakeScheduler scheduler_;
  FakeKubeApi api_{scheduler_};
  std::vector<std::string> settled_;
  std::vector<Error> errors_;
  std::unique_ptr<kube::ObjectKeeper> keeper_;
};

TEST_F(ObjectKeeperTest, MakesWhatIsMissingAndThenWritesNothing) {
  want({service("cache")});
  EXPECT_NE(api_.find("services", {"n", "cache"}), nullptr);
  EXPECT_THAT(settled_, ElementsAre("cache"));
  api_.writes.clear();
  want({service("cache")});
  scheduler_.run_for(1h);
  EXPECT_THAT(api_.writes, IsEmpty());
}

TEST_F(ObjectKeeperTest, ASuccessorFindsItAsItShouldBe) {
  want({service("cache")});
  api_.writes.clear();
  kube::ObjectKeeper successor(api_, scheduler_, kube::ObjectKeeper::Options{kube::resources::kServices, {}, "shardkeeper.io/cluster", 2},
                               kube::ObjectKeeper::Hooks{.synced = [] {},
                                                         .settled = [](const kube::ObjectName&) {},
                                                         .troubled = [](const kube::ObjectName&, const Error&) {},
                                                         .watch_troubled = [](const Error&) {}});
  successor.want("c-1", {service("cache")});
  scheduler_.run_for(1min);
  EXPECT_THAT(api_.writes, IsEmpty());
}

TEST_F(ObjectKeeperTest, PutsBackWhatWasDeletedByHand) {
  want({service("cache")});
  api_.erase("services", {"n", "cache"});
  scheduler_.run_for(1s);
  EXPECT_NE(api_.find("services", {"n", "cache"}), nullptr);
}

TEST_F(ObjectKeeperTest, PutsBackWhatWasChangedByHand) {
  want({service("cache")});
  auto changed = *api_.find("services", {"n", "cache"});
  changed["spec"].as_object()["port"] = 1;
  changed["spec"].as_object()["added"] = "by the server";
  api_.put("services", changed);
  scheduler_.run_for(1s);
  EXPECT_EQ(port_of("cache"), 6379);
}

TEST_F(ObjectKeeperTest, FollowsWhatIsWanted) {
  want({service("cache")});
  want({service("cache", 7000)});
  EXPECT_EQ(port_of("cache"), 7000);
}

TEST_F(ObjectKeeperTest, DeletesWhatItsOwnerDoesNotWantAnyMore) {
  want({service("a"), service("b")});
  want({service("a")});
  EXPECT_NE(api_.find("services", {"n", "a"}), nullptr);
  EXPECT_EQ(api_.find("services", {"n", "b"}), nullptr);
}

TEST_F(ObjectKeeperTest, LeavesObjectsOfOthersAlone) {
  auto foreign = service("other");
  foreign["metadata"].as_object().erase("ownerReferences");
  api_.put("services", foreign);
  auto former = service("former");
  former["metadata"].as_object()["ownerReferences"].as_array()[0].as_object()["uid"] = "c-0";
  api_.put("services", former);
  want({service("a")});
  EXPECT_NE(api_.find("services", {"n", "other"}), nullptr);
  EXPECT_NE(api_.find("services", {"n", "former"}), nullptr) << "the garbage collector's";
}

TEST_F(ObjectKeeperTest, SaysWhatCannotBeWrittenAndTriesAgain) {
  api_.refuse = [](const kube::Request& request) -> std::optional<Error> {
    if (request.method != kube::Method::kPatch) return std::nullopt;
    return refused("PATCH services", "may not patch services");
  };
  want({service("cache")});
  ASSERT_FALSE(errors_.empty());
  EXPECT_EQ(errors_.front().detail, "may not patch services");
  api_.refuse = nullptr;
  scheduler_.run_for(60s);
  EXPECT_NE(api_.find("services", {"n", "cache"}), nullptr);
}

TEST_F(ObjectKeeperTest, ForgetsAnOwnerThatIsGone) {
  want({service("cache")});
  keeper_->forget("c-1");
  api_.writes.clear();
  api_.erase("services", {"n", "cache"});
  scheduler_.run_for(1min);
  EXPECT_THAT(api_.writes, IsEmpty());
}

}  // namespace
}  // namespace shardkeeper::test
