#include "coordinator/platform/kube/client/reflector.h"
#include "tests/kubeapi/api_fixture.h"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using testing::ElementsAre;

// The real Api with a switch: while it is off, watches are broken and none gets through. Calls do.
class SwitchedApi final : public Api {
 public:
  SwitchedApi(Api& api, Scheduler& scheduler) : api_(api), scheduler_(scheduler) {}

  void call(Request request, Done done) override { api_.call(std::move(request), std::move(done)); }
  std::unique_ptr<Watch> watch(WatchRequest request, WatchHooks hooks) override {
    ++watches;
    if (is_off) {
      scheduler_.post([ended = hooks.ended] { ended({WatchEnd::Cause::kFailed, unavailable("watch", "switched off")}); });
      return std::make_unique<Watch>();
    }
    ended_ = hooks.ended;
    return api_.watch(std::move(request), std::move(hooks));
  }

  void switch_off() {
    is_off = true;
    const auto ended = std::exchange(ended_, nullptr);
    ended({WatchEnd::Cause::kFailed, unavailable("watch", "switched off")});
  }

  bool is_off = false;
  int watches = 0;

 private:
  Api& api_;
  Scheduler& scheduler_;
  std::function<void(WatchEnd)> ended_;
};

class Watches : public ApiFixture {
 protected:
  void reflect(const Resource& resource, std::string selector = "", int page_size = 200) {
    switched_.emplace(*api_, scheduler_);
    reflector_.emplace(
        *switched_, scheduler_,
        ReflectorOptions{.resource = resource, .selection = {space_, std::move(selector), ""}, .seed = 3, .page_size = page_size},
        Reflector::Hooks{.changed =
                             [this](const Change& change) {
                               constexpr const char* kWords[] = {"+", "~", "-"};
                               said_.push_back(kWords[static_cast<int>(change.type)] + change.name.name + " " +
                                               text_at(change.object, {"data", "value"}));
                             },
                         .synced = [this] { ++lists_; },
                         .troubled = nullptr});
    EXPECT_TRUE(run_until([this] { return reflector_->is_synced() && !reflector_->stale_since(); }));
  }
  void put(const std::string& name, const std::string& value, object labels = {}) {
    made(apply_request(resources::kConfigMaps, named(name), config_map(name, value, std::move(labels)), {"test"}));
  }
  void remove(const std::string& name) { made(delete_request(resources::kConfigMaps, named(name), {}, 0s)); }
  bool has_said(const std::string& what) {
    return run_until([&] { return !said_.empty() && said_.back() == what; });
  }

  std::optional<SwitchedApi> switched_;
  std::optional<Reflector> reflector_;
  std::vector<std::string> said_;
  int lists_ = 0;
};

TEST_F(Watches, TellChangesAsTheyHappen) {
  put("old", "0");
  reflect(resources::kConfigMaps);
  said_.clear();
  put("a", "1");
  put("a", "2");
  remove("a");
  ASSERT_TRUE(has_said("-a 2")) << "the deleted one in its last state";
  EXPECT_THAT(said_, ElementsAre("+a 1", "~a 2", "-a 2"));
  EXPECT_EQ(lists_, 1);
}

TEST_F(Watches, SelectByLabels) {
  reflect(resources::kConfigMaps, "mine=yes");
  put("a", "1");
  put("b", "1", {{"mine", "yes"}});
  ASSERT_TRUE(has_said("+b 1"));
  put("b", "2");
  ASSERT_TRUE(has_said("-b 1")) << "what no longer matches is gone for us, in the last state that did";
  EXPECT_THAT(said_, ElementsAre("+b 1", "-b 1"));
}

TEST_F(Watches, ListsComeInPages) {
  for (int i = 0; i < 25; ++i) put("m" + std::to_string(i), "1");
  reflect(resources::kConfigMaps, "", 10);
  // Newer servers put a config map of their own into every namespace; without controllers none does.
  EXPECT_EQ(reflector_->objects().size(), 25U);
}

TEST_F(Watches, GoOnAfterAGapWithoutANewList) {
  reflect(resources::kConfigMaps);
  put("a", "1");
  ASSERT_TRUE(has_said("+a 1"));
  switched_->switch_off();
  put("a", "2");
  put("b", "1");
  remove("a");
  switched_->is_off = false;
  ASSERT_TRUE(has_said("-a 2"));
  EXPECT_THAT(said_, ElementsAre("+a 1", "~a 2", "+b 1", "-a 2")) << "every change in the gap";
  EXPECT_EQ(lists_, 1);
}

TEST_F(Watches, ListAnewWhenTheGapWasCompacted) {
  reflect(resources::kConfigMaps);
  put("a", "1");
  put("b", "1");
  ASSERT_TRUE(has_said("+b 1"));
  switched_->switch_off();
  put("b", "2");
  remove("a");
  put("c", "1");
  server().compact();
  said_.clear();
  switched_->is_off = false;
  ASSERT_TRUE(has_said("+c 1"));
  EXPECT_THAT(said_, ElementsAre("-a 1", "~b 2", "+c 1"));
  EXPECT_EQ(lists_, 2) << "410, then a list";
  put("d", "1");
  EXPECT_TRUE(has_said("+d 1"));
}

TEST_F(Watches, AVersionThatIsTooOldIsExpired) {
  put("a", "1");
  const auto old = version_of(made(get_request(resources::kConfigMaps, named("a"))));
  put("a", "2");
  put("a", "3");
  server().compact();
  std::optional<WatchEnd> end;
  const auto watch =
      api_->watch(watch_request(resources::kConfigMaps, {space_, "", ""}, old, 10s),
                  {.opened = nullptr, .event = [](const WatchEvent&) {}, .ended = [&](WatchEnd ended) { end = std::move(ended); }});
  ASSERT_TRUE(run_until([&] { return end.has_value(); }));
  EXPECT_EQ(end->cause, WatchEnd::Cause::kExpired) << (end->error ? to_string(*end->error) : "");
}

TEST_F(Watches, EndByTheServersOwnClock) {
  std::optional<WatchEnd> end;
  const auto version = text_at(made(list_request(resources::kPods, {space_, "", ""}, 10, "")), {"metadata", "resourceVersion"});
  // Newer servers may send a bookmark before they end; 1.20 sends the first after a minute.
  const auto watch = api_->watch(watch_request(resources::kPods, {space_, "", ""}, version, 2s),
                                 {.opened = nullptr,
                                  .event = [](const WatchEvent& event) { EXPECT_EQ(event.type, WatchEvent::Type::kBookmark); },
                                  .ended = [&](WatchEnd ended) { end = std::move(ended); }});
  ASSERT_TRUE(run_until([&] { return end.has_value(); }, 10s));
  EXPECT_EQ(end->cause, WatchEnd::Cause::kFinished);
}

TEST_F(Watches, OutliveTheServer) {
  reflect(resources::kConfigMaps);
  put("a", "1");
  ASSERT_TRUE(has_said("+a 1"));
  server().stop();
  ASSERT_TRUE(run_until([this] { return reflector_->stale_since().has_value(); }));
  EXPECT_NE(reflector_->find(named("a")), nullptr) << "the last that was known";
  // The first may go out on a connection whose end is not known yet: then nobody can say what became of it.
  (void)error_of(create_request(resources::kConfigMaps, space_, config_map("c", "1")));
  const auto error = error_of(create_request(resources::kConfigMaps, space_, config_map("c", "1")));
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << "nobody was there, so nothing was done: " << to_string(error);
  server().start();
  ASSERT_TRUE(run_until([this] { return !reflector_->stale_since(); }, 60s));
  EXPECT_TRUE(run_until(
      [this] { return ask(apply_request(resources::kConfigMaps, named("b"), config_map("b", "1"), {"test"})).has_value(); }, 60s));
  EXPECT_TRUE(has_said("+b 1"));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
