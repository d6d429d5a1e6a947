#include "coordinator/surroundings/kube_surroundings.h"

#include "coordinator/surroundings/event_writer.h"
#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_scheduler.h"
#include "tests/unit/reconcile/still_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::coordinator {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace kube = platform::kube;

// A lease that a test gives and takes.
class FakeLease final : public reconcile::Lease {
 public:
  void start(Callbacks given) override { callbacks = std::move(given); }
  void raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) override {
    const FenceToken raised{seen.value + 1};
    callbacks.raised(raised);
    done(raised);
  }
  Result<void> check() const override { return {}; }
  void release(std::function<void()> done) override {
    is_released = true;
    done();
  }
  Callbacks callbacks;
  bool is_released = false;
};

class KubeSurroundingsTest : public testing::Test {
 protected:
  KubeSurroundingsTest() {
    auto api = std::make_unique<test::FakeKubeApi>(scheduler_);
    api_ = api.get();
    auto lease = std::make_unique<FakeLease>();
    lease_ = lease.get();
    around_ = std::make_unique<KubeSurroundings>(KubeSurroundings::Ports{scheduler_, std::move(api), std::move(lease)},
                                                 kube::KubePlatformOptions{.spaces = {}, .helper_image = "helper:1", .seed = 1}, "me");
    around_->start({.lead =
                        [this](FenceToken token) {
                          token_ = token;
                          return Result<void>();
                        },
                    .token_raised = [this](FenceToken token) { token_ = token; },
                    .clusters_changed = [this] { ++changes_; },
                    .failed = [this](const Error& error) { failures_.push_back(error); },
                    .loop = [this](const ClusterName&) -> const reconcile::ClusterLoop* { return loop_.get(); }});
  }
  void lead() {
    lease_->callbacks.acquired(FenceToken{7});
    scheduler_.run_for(5s);
  }
  void apply(const std::string& name, const std::string& spec, const std::string& space = "n") {
    api_->put("valkeyclusters",
              {{"apiVersion", "shardkeeper.io/v1alpha1"},
               {"kind", "ValkeyCluster"},
               {"metadata", object{{"name", name}, {"namespace", space}, {"uid", space + "-" + name}, {"generation", ++generation_}}},
               {"spec", boost::json::parse(spec)}});
    scheduler_.run_for(5s);
  }
  std::string status_of(const std::string& name, const std::string& space = "n") {
    const auto* found = api_->find("valkeyclusters", {space, name});
    return found == nullptr || !found->contains("status") ? "" : boost::json::serialize(found->at("status"));
  }

  test::FakeScheduler scheduler_;
  test::FakeKubeApi* api_ = nullptr;
  FakeLease* lease_ = nullptr;
  FenceToken token_;
  int changes_ = 0;
  int generation_ = 0;
  std::vector<Error> failures_;
  std::unique_ptr<KubeSurroundings> around_;
  std::unique_ptr<reconcile::ClusterLoop> loop_;
};

constexpr const char* kGood = R"({"image": "v:8.0.1", "shards": 3})";

TEST_F(KubeSurroundingsTest, AStandbyTouchesNothing) {
  apply("cache", kGood);
  EXPECT_EQ(token_.value, 0U);
  EXPECT_THAT(api_->writes, IsEmpty());
  lead();
  EXPECT_EQ(token_.value, 7U);
  EXPECT_THAT(around_->clusters(), SizeIs(1));
}

TEST_F(KubeSurroundingsTest, ObjectsComeAndGo) {
  lead();
  apply("cache", kGood);
  ASSERT_THAT(around_->clusters(), SizeIs(1));
  const auto& wanted = around_->clusters().begin()->second;
  EXPECT_EQ(wanted.object.uid, "n-cache");
  EXPECT_FALSE(wanted.identity.certificate_pem.empty());
  EXPECT_THAT(wanted.findings, IsEmpty());
  apply("cache", R"({"image": "v:8.0.1", "shards": 5})");
  EXPECT_EQ(around_->clusters().begin()->second.object.spec.shards, 5);
  api_->erase("valkeyclusters", {"n", "cache"});
  scheduler_.run_for(1s);
  EXPECT_THAT(around_->clusters(), IsEmpty());
}

TEST_F(KubeSurroundingsTest, TheLastPassOfABurstIsInTheStatusThoughNoneFollows) {
  lead();
  apply("cache", kGood);
  reconcile::StillDialer dialer;
  reconcile::EventLog events;
  bool is_told = true;
  loop_ = std::make_unique<reconcile::ClusterLoop>(reconcile::ClusterLoop::Ports{scheduler_, around_->platform(), dialer, events},
                                                   around_->clusters().begin()->second.object, token_, 1,
                                                   reconcile::ClusterLoop::Hooks{.passed =
                                                                                     [&](Duration) {
                                                                                       if (is_told) around_->passed(*loop_);
                                                                                     },
                                                                                 .higher_token_seen = [](FenceToken) {},
                                                                                 .neighbours = [] { return reconcile::Neighbours(); }});
  scheduler_.run_for(5s);
  for (const char* why : {"a secret is missing", "its key is missing"}) {
    loop_->set_outside_findings({{model::Reason::kUsersRejected, "spec.usersSecret", why}});
    scheduler_.run_posted();
  }
  is_told = false;
  scheduler_.run_for(5s);
  EXPECT_THAT(status_of("cache"), HasSubstr("its key is missing"));
  apply("cache", R"({"image": "v:8.0.1", "shards": 3, "replicasPerShard": 1})");
  EXPECT_THAT(status_of("cache"), HasSubstr("\"observedGeneration\":2")) << "an edit that changes nothing";
  loop_->trigger();
  is_told = true;
  scheduler_.run_posted();
  loop_.reset();
  scheduler_.run_for(5s);
}

TEST_F(KubeSurroundingsTest, ABadChangeIsAFindingAndTheClusterStaysAsItWas) {
  lead();
  apply("cache", kGood);
  apply("cache", R"({"image": "v:8.0.1", "shards": 2})");
  const auto& wanted = around_->clusters().begin()->second;
  EXPECT_EQ(wanted.object.spec.shards, 3);
  ASSERT_THAT(wanted.findings, SizeIs(1));
  EXPECT_EQ(wanted.findings[0].reason, model::Reason::kManifestRejected);
  EXPECT_THAT(wanted.findings[0].detail, HasSubstr("spec.shards: must be 1 or at least 3"));
}

TEST_F(KubeSurroundingsTest, AnObjectThatNeverWasGoodSaysWhy) {
  lead();
  apply("cache", R"({"image": "v:8.0.1", "shards": 2})");
  EXPECT_THAT(around_->clusters(), IsEmpty());
  EXPECT_THAT(status_of("cache"), HasSubstr("spec.shards: must be 1 or at least 3"));
  apply("cache", kGood);
  EXPECT_THAT(around_->clusters(), SizeIs(1)) << "correcting it heals it";
}

TEST_F(KubeSurroundingsTest, TwoOfOneNameAreOneTooMany) {
  lead();
  apply("cache", kGood, "a");
  apply("cache", kGood, "b");
  ASSERT_THAT(around_->clusters(), SizeIs(1));
  EXPECT_EQ(around_->clusters().begin()->second.object.space, "a");
  EXPECT_THAT(status_of("cache", "b"), HasSubstr("taken by the cluster in namespace a"));
}

// It would go on with the former one's pods and none of its keys.
TEST_F(KubeSurroundingsTest, AFormerClusterOfThatNameEndsThoughTheNextOneWaits) {
  lead();
  apply("cache", kGood, "n");
  apply("cache", R"({"image": "v:8.0.1", "shards": 3, "agentTls": {"authoritySecretName": "missing"}})", "m");
  EXPECT_EQ(around_->clusters().begin()->second.object.uid, "n-cache");
  api_->erase("valkeyclusters", {"n", "cache"});
  scheduler_.run_for(5s);
  EXPECT_THAT(around_->clusters(), IsEmpty());
  EXPECT_THAT(status_of("cache", "m"), HasSubstr("Secret missing: spec.agentTls names it"));
}

TEST_F(KubeSurroundingsTest, MissingRightsAreSaidWithVerbAndResource) {
  lead();
  api_->refuse = [](const kube::Request& request) -> std::optional<Error> {
    if (request.path.find("/secrets") != std::string::npos && request.method == kube::Method::kPost)
      return refused("POST /api/v1/namespaces/n/secrets", "secrets is forbidden: User \"x\" cannot create resource \"secrets\"");
    return std::nullopt;
  };
  apply("cache", kGood);
  EXPECT_THAT(around_->clusters(), IsEmpty());
  EXPECT_THAT(status_of("cache"), HasSubstr("cannot create resource"));
  api_->refuse = nullptr;
  scheduler_.run_for(10s);
  EXPECT_THAT(around_->clusters(), SizeIs(1));
}

TEST_F(KubeSurroundingsTest, ALostLeaseEndsTheProcess) {
  lead();
  lease_->callbacks.lost(conflict("lease", "another holds it"));
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(KubeSurroundingsTest, TheTokenIsRaisedAboveWhatAgentsHaveSeen) {
  lead();
  around_->raise_token(FenceToken{20});
  scheduler_.run_for(1s);
  EXPECT_EQ(token_.value, 21U);
}

TEST_F(KubeSurroundingsTest, TheLeaseIsGivenBackAtTheEnd) {
  lead();
  bool is_done = false;
  around_->stop([&] { is_done = true; });
  EXPECT_TRUE(is_done);
  EXPECT_TRUE(lease_->is_released);
}

TEST_F(KubeSurroundingsTest, WhatHappenedBecomesAnEventOfTheObject) {
  lead();
  apply("cache", kGood);
  around_->happened({.unix_ms = 1'000'123,
                     .cluster = ClusterName("cache"),
                     .is_warning = true,
                     .reason = "ProcessDead",
                     .subject = "pod cache-a",
                     .message = "promote cache-b"});
  around_->happened({.unix_ms = 1'000'124,
                     .cluster = ClusterName("cache"),
                     .is_warning = true,
                     .reason = "ProcessDead",
                     .subject = "pod cache-a",
                     .message = "promote cache-b",
                     .count = 2});
  scheduler_.run_for(1s);
  ASSERT_THAT(api_->all("events"), SizeIs(1));
  const auto& event = api_->all("events").begin()->second;
  EXPECT_EQ(event.at("note").as_string(), "pod cache-a: promote cache-b");
  EXPECT_EQ(event.at("type").as_string(), "Warning");
  EXPECT_EQ(event.at("eventTime").as_string(), "1970-01-01T00:16:40.123000Z");
  EXPECT_EQ(event.at("regarding").at("name").as_string(), "cache");
  EXPECT_EQ(event.at("related").at("name").as_string(), "cache-a");
  EXPECT_EQ(event.at("series").at("count").to_number<int>(), 2);
}

}  // namespace
}  // namespace shardkeeper::coordinator
