#include "coordinator/platform/kube/client/reflector.h"

#include "coordinator/platform/kube/client/fields.h"
#include "tests/support/fake_scheduler.h"
#include "tests/unit/kube/scripted_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

object pod(const std::string& name, const std::string& version, const std::string& uid = "u") {
  return {{"metadata", object{{"name", name}, {"namespace", "s"}, {"resourceVersion", version}, {"uid", uid}}}};
}

boost::json::value list(const std::string& version, boost::json::array items, const std::string& next = "") {
  return object{{"metadata", object{{"resourceVersion", version}, {"continue", next}}}, {"items", std::move(items)}};
}

class ReflectorTest : public testing::Test {
 protected:
  void start() {
    reflector_.emplace(api_, scheduler_,
                       ReflectorOptions{.resource = resources::kPods, .selection = {"s", "x=y", ""}, .seed = 7, .dropped = {"status"}},
                       Reflector::Hooks{.changed =
                                            [this](const Change& change) {
                                              constexpr const char* kWords[] = {"+", "~", "-"};
                                              said_.push_back(kWords[static_cast<int>(change.type)] + change.name.name +
                                                              text_at(change.object, {"metadata", "resourceVersion"}) +
                                                              text_at(change.object, {"status", "phase"}));
                                              if (stop_at_ == said_.back()) reflector_.reset();
                                            },
                                        .synced = [this] { said_.emplace_back("synced"); },
                                        .troubled = [this](const Error& error) { said_.push_back("trouble " + error.detail); }});
  }
  void start_with(boost::json::array items) {
    start();
    api_.answer(list("10", std::move(items)));
    api_.watches.back().hooks.opened();
    said_.clear();
  }
  void tell(WatchEvent::Type type, object about) { api_.watches.back().hooks.event({type, std::move(about)}); }
  void end(WatchEnd::Cause cause, std::optional<Error> error = std::nullopt) { api_.watches.back().hooks.ended({cause, std::move(error)}); }

  test::FakeScheduler scheduler_;
  test::ScriptedApi api_;
  std::vector<std::string> said_;
  std::string stop_at_;
  std::optional<Reflector> reflector_;
};

TEST_F(ReflectorTest, ListsInPagesThenWatches) {
  start();
  EXPECT_EQ(api_.asked.front().request.path, "/api/v1/namespaces/s/pods?labelSelector=x%3Dy&limit=200");
  api_.answer(list("10", {pod("a", "1")}, "token"));
  EXPECT_FALSE(reflector_->is_synced());
  EXPECT_THAT(said_, IsEmpty()) << "half a list says nothing";
  EXPECT_THAT(api_.asked.front().request.path, HasSubstr("&continue=token"));
  api_.answer(list("11", {pod("b", "2")}));
  EXPECT_THAT(said_, ElementsAre("+a1", "+b2", "synced"));
  EXPECT_TRUE(reflector_->is_synced());
  EXPECT_THAT(api_.watches.back().request.path, HasSubstr("&resourceVersion=10&")) << "from the first page on";
  EXPECT_TRUE(reflector_->stale_since().has_value());
  api_.watches.back().hooks.opened();
  EXPECT_FALSE(reflector_->stale_since().has_value());
}

TEST_F(ReflectorTest, TellsEveryEventAndKeepsTheObjects) {
  start_with({pod("a", "1")});
  tell(WatchEvent::Type::kModified, pod("a", "11"));
  tell(WatchEvent::Type::kModified, pod("a", "12"));
  tell(WatchEvent::Type::kAdded, pod("b", "13"));
  EXPECT_EQ(reflector_->objects().size(), 2U);
  tell(WatchEvent::Type::kDeleted, pod("a", "14"));
  EXPECT_THAT(said_, ElementsAre("~a11", "~a12", "+b13", "-a14")) << "the deleted one in its last state";
  EXPECT_EQ(reflector_->find({"s", "a"}), nullptr);
  EXPECT_NE(reflector_->find({"s", "b"}), nullptr);
}

// Six hundred pods would be 30 MiB of what was read when it came.
TEST_F(ReflectorTest, KeepsNoMoreOfAnObjectThanIsAskedFor) {
  const auto running = [](const std::string& name, const std::string& version) {
    object made = pod(name, version);
    made["status"] = object{{"phase", "Running"}};
    return made;
  };
  start();
  api_.answer(list("10", {running("a", "1")}));
  tell(WatchEvent::Type::kAdded, running("b", "2"));
  tell(WatchEvent::Type::kModified, running("a", "3"));
  EXPECT_THAT(said_, ElementsAre("+a1Running", "synced", "+b2Running", "~a3Running")) << "whoever is told sees all";
  for (const auto& [name, kept] : reflector_->objects()) EXPECT_FALSE(kept.contains("status")) << name.name;
  end(WatchEnd::Cause::kExpired);
  scheduler_.run_for(1s);
  api_.answer(list("20", {running("a", "4")}));
  EXPECT_EQ(said_.at(4), "-b2") << "what was kept of it";
  EXPECT_EQ(said_.at(5), "~a4Running");
}

TEST_F(ReflectorTest, WatchesOnFromTheNewestVersion) {
  start_with({});
  tell(WatchEvent::Type::kAdded, pod("a", "11"));
  tell(WatchEvent::Type::kBookmark, object{{"metadata", object{{"resourceVersion", "20"}}}});
  scheduler_.run_for(150s);
  end(WatchEnd::Cause::kFinished);
  ASSERT_EQ(api_.watches.size(), 2U) << "the regular end: at once, without a list";
  EXPECT_TRUE(api_.watches.front().is_over());
  EXPECT_THAT(api_.watches.back().request.path, HasSubstr("&resourceVersion=20&"));
  EXPECT_THAT(said_, ElementsAre("+a11"));
}

TEST_F(ReflectorTest, AServerThatEndsEveryWatchAtOnceIsNotAskedInALoop) {
  start_with({});
  for (int i = 0; i < 5; ++i) {
    const auto before = api_.watches.size();
    end(WatchEnd::Cause::kFinished);
    EXPECT_EQ(api_.watches.size(), before);
    for (int wait = 0; wait < 2'000 && api_.watches.size() == before; ++wait) scheduler_.run_for(10ms);
    ASSERT_EQ(api_.watches.size(), before + 1);
    api_.watches.back().hooks.opened();
  }
}

TEST_F(ReflectorTest, AnExpiredVersionMeansANewListAndTheDifference) {
  start_with({pod("a", "1"), pod("b", "2"), pod("c", "3"), pod("d", "4", "old")});
  end(WatchEnd::Cause::kExpired);
  scheduler_.run_for(1s);
  ASSERT_EQ(api_.asked.size(), 1U);
  EXPECT_TRUE(reflector_->is_synced()) << "what was known is still the best there is";
  EXPECT_TRUE(reflector_->stale_since().has_value());
  api_.answer(list("30", {pod("b", "2"), pod("c", "25"), pod("d", "26", "new"), pod("e", "27")}));
  EXPECT_THAT(said_, ElementsAre("-a1", "~c25", "-d4", "+d26", "+e27", "synced"));
}

TEST_F(ReflectorTest, ABrokenWatchIsTriedAgainFromWhereItWasWithGrowingPauses) {
  start_with({});
  tell(WatchEvent::Type::kAdded, pod("a", "11"));
  const auto broke_at = scheduler_.now();
  std::vector<Duration> pauses;
  for (int i = 0; i < 10; ++i) {
    const auto before = api_.watches.size();
    const auto at = scheduler_.now();
    end(WatchEnd::Cause::kFailed, unavailable("watch", "reset"));
    while (api_.watches.size() == before) scheduler_.run_for(10ms);
    pauses.push_back(scheduler_.now() - at);
  }
  EXPECT_LE(pauses.front(), 200ms);
  EXPECT_GE(pauses.back(), 10s);
  EXPECT_LE(pauses.back(), 12'600ms);
  EXPECT_THAT(said_, ElementsAre("+a11", "trouble reset")) << "the same trouble is told once";
  EXPECT_EQ(reflector_->stale_since(), broke_at);
  EXPECT_THAT(api_.watches.back().request.path, HasSubstr("&resourceVersion=11&"));
  api_.watches.back().hooks.opened();
  EXPECT_EQ(reflector_->stale_since(), std::nullopt);
  EXPECT_EQ(reflector_->trouble(), std::nullopt);
}

TEST_F(ReflectorTest, ObjectsThatAreNoneMeanANewList) {
  start_with({});
  tell(WatchEvent::Type::kAdded, object{{"metadata", object{{"name", "x"}}}});
  EXPECT_TRUE(api_.watches.back().is_over());
  scheduler_.run_for(1s);
  EXPECT_EQ(api_.asked.size(), 1U);
}

TEST_F(ReflectorTest, AFailedListIsTriedAgainFromItsBeginning) {
  start();
  api_.answer(list("10", {pod("a", "1")}, "token"));
  api_.answer(Result<boost::json::value>(conflict("list", "410: the continue token is too old")));
  EXPECT_THAT(said_, ElementsAre("trouble 410: the continue token is too old"));
  scheduler_.run_for(1s);
  api_.answer(list("20", {pod("b", "2")}));
  EXPECT_THAT(said_, ElementsAre("trouble 410: the continue token is too old", "+b2", "synced")) << "nothing of the first try is left";
  for (const char* wrong :
       {"5", "{}", R"({"items":{}})", R"({"items":[5],"metadata":{"resourceVersion":"1"}})", R"({"items":[{}]})", R"({"items":[]})"}) {
    reflector_.reset();
    said_.clear();
    start();
    api_.answer_json(wrong);
    EXPECT_THAT(said_, ElementsAre(HasSubstr("trouble "))) << wrong;
    EXPECT_FALSE(reflector_->is_synced()) << wrong;
  }
}

TEST_F(ReflectorTest, MayEndInsideItsCallbacks) {
  stop_at_ = "+a1";
  start();
  api_.answer(list("10", {pod("a", "1"), pod("b", "2")}));
  EXPECT_THAT(said_, ElementsAre("+a1"));
  EXPECT_TRUE(api_.watches.empty());
  said_.clear();
  stop_at_ = "~a11";
  start_with({pod("a", "1")});
  tell(WatchEvent::Type::kModified, pod("a", "11"));
  EXPECT_THAT(said_, ElementsAre("~a11"));
  EXPECT_TRUE(api_.watches.back().is_over());
}

TEST_F(ReflectorTest, AnswersAfterItsEndAreNotHeard) {
  start();
  reflector_.reset();
  api_.answer(list("10", {pod("a", "1")}));
  EXPECT_THAT(said_, IsEmpty());
}

}  // namespace
}  // namespace shardkeeper::platform::kube
