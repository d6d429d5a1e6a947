#include "coordinator/platform/local/budget.h"
#include "coordinator/platform/local/back_off.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace shardkeeper::platform::local {
namespace {

using namespace std::chrono_literals;

model::Pod member(const char* name, int shard = 0) {
  model::Pod pod;
  pod.name = PodName(name);
  pod.cluster = ClusterName("cache");
  pod.worker = WorkerName("w1");
  pod.phase = model::PodPhase::kRunning;
  pod.labels[model::kLabelShard] = std::to_string(shard);
  pod.conditions[model::kConditionInCluster] = true;
  return pod;
}

model::Pod changed(model::Pod pod, const std::function<void(model::Pod&)>& change) {
  change(pod);
  return pod;
}

struct Case {
  const char* says;
  std::vector<model::Pod> pods;  // the first is to be evicted
  int replicas_per_shard;
  bool allowed;
};

class Budget : public testing::TestWithParam<Case> {};

TEST_P(Budget, DecidesAsStated) {
  const auto& given = GetParam();
  const std::vector<model::Worker> workers{{WorkerName("w1"), "", true, true, {}}, {WorkerName("lost"), "", false, true, {}}};
  const auto allowed = may_evict(given.pods.front(), given.pods, workers, given.replicas_per_shard);
  EXPECT_EQ(allowed.has_value(), given.allowed) << given.says;
  EXPECT_TRUE(allowed || allowed.error().kind == ErrorKind::kRefused);
}

const Case kCases[] = {
    {"with one replica more than asked for, one may go", {member("a"), member("b"), member("c")}, 1, true},
    {"with just as many as asked for, none may", {member("a"), member("b")}, 1, false},
    {"with none asked for, one other is enough", {member("a"), member("b")}, 0, true},
    {"the last one may not", {member("a")}, 0, false},
    {"members of other shards do not count", {member("a", 0), member("b", 1), member("c", 1)}, 1, false},
    {"nor do other clusters'",
     {member("a"), member("b"), changed(member("c"), [](auto& pod) { pod.cluster = ClusterName("other"); })},
     1,
     false},
    {"nor those that are being deleted",
     {member("a"), member("b"), changed(member("c"), [](auto& pod) { pod.is_deleting = true; })},
     1,
     false},
    {"nor those that are not in the cluster yet",
     {member("a"), member("b"), changed(member("c"), [](auto& pod) { pod.conditions[model::kConditionInCluster] = false; })},
     1,
     false},
    {"nor those whose worker is lost",
     {member("a"), member("b"), changed(member("c"), [](auto& pod) { pod.worker = WorkerName("lost"); })},
     1,
     false},
    {"one that is not available may always go", {changed(member("a"), [](auto& pod) { pod.conditions.clear(); }), member("b")}, 1, true},
    {"one of no shard may go", {changed(member("a"), [](auto& pod) { pod.labels.clear(); })}, 1, true},
};

INSTANTIATE_TEST_SUITE_P(Table, Budget, testing::ValuesIn(kCases));

TEST(BudgetRefusal, SaysTheFigures) {
  const auto refused = may_evict(member("a"), {member("a"), member("b")}, {{WorkerName("w1"), "", true, true, {}}}, 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), testing::HasSubstr("pod a: shard 0 of cache would have 1 available pods and needs 2"));
}

TEST(BackOff, FirstAtOnceThenSlower) {
  BackOff back_off;
  for (const Duration expected : {Duration{0ms}, Duration{10ms}, Duration{100ms}, Duration{1s}, Duration{5s}, Duration{5s}, Duration{5s}})
    EXPECT_EQ(back_off.next(1s), expected);
}

TEST(BackOff, BeginsAnewAfterTenSecondsUp) {
  BackOff back_off;
  back_off.next(0s);
  back_off.next(0s);
  EXPECT_EQ(back_off.next(9999ms), Duration{100ms});
  EXPECT_EQ(back_off.next(10s), Duration{0ms});
  EXPECT_EQ(back_off.next(0s), Duration{10ms});
}

}  // namespace
}  // namespace shardkeeper::platform::local
