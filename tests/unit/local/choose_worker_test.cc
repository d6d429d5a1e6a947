#include "coordinator/platform/local/choose_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardkeeper::platform::local {
namespace {

model::Worker up(const char* name) { return {WorkerName(name), "", true, true, {}}; }
model::Worker cordoned(const char* name) { return {WorkerName(name), "", true, false, {}}; }
model::Worker lost(const char* name) { return {WorkerName(name), "", false, true, {}}; }
model::Worker tainted(const char* name) { return {WorkerName(name), "", true, true, {model::kTaintOutOfService}}; }

model::Pod pod_on(const char* worker) {
  model::Pod pod;
  pod.worker = WorkerName(worker);
  return pod;
}

model::Pod leaving(const char* worker) {
  auto pod = pod_on(worker);
  pod.is_deleting = true;
  return pod;
}

std::vector<WorkerName> names(const std::vector<const char*>& texts) {
  std::vector<WorkerName> result;
  for (const char* text : texts) result.emplace_back(text);
  return result;
}

struct Case {
  const char* says;
  std::vector<model::Worker> workers;
  std::vector<model::Pod> pods;
  std::vector<const char*> taken;
  bool taken_is_hard;
  std::vector<const char*> avoided;
  const char* expected;  // a worker, or part of the refusal
};

class ChooseWorker : public testing::TestWithParam<Case> {};

TEST_P(ChooseWorker, DecidesAsStated) {
  const auto& given = GetParam();
  const model::PodRequest request{PodName("cache-abcde"), ShardId{2}, names(given.taken), given.taken_is_hard, names(given.avoided)};
  const auto chosen = choose_worker(given.workers, given.pods, request);
  if (chosen)
    EXPECT_EQ(chosen->value, given.expected) << given.says;
  else
    EXPECT_THAT(to_string(chosen.error()), testing::HasSubstr(given.expected)) << given.says;
  EXPECT_TRUE(choose_worker(given.workers, given.pods, request) == chosen) << "same input, same answer";
}

const Case kCases[] = {
    {"the first by name when all are equal", {up("w1"), up("w2")}, {}, {}, false, {}, "w1"},
    {"order of the list does not matter", {up("w2"), up("w1")}, {}, {}, false, {}, "w1"},
    {"fewest pods", {up("w1"), up("w2")}, {pod_on("w1")}, {}, false, {}, "w2"},
    {"a pod that leaves does not count", {up("w1"), up("w2")}, {leaving("w1"), leaving("w1"), pod_on("w2")}, {}, false, {}, "w1"},
    {"a member of the shard outweighs any number of pods",
     {up("w1"), up("w2")},
     {pod_on("w2"), pod_on("w2"), pod_on("w2")},
     {"w1"},
     false,
     {},
     "w2"},
    {"a taken worker is better than none", {up("w1")}, {pod_on("w1")}, {"w1"}, false, {}, "w1"},
    {"among taken ones the emptier", {up("w1"), up("w2")}, {pod_on("w1")}, {"w1", "w2"}, false, {}, "w2"},
    {"a tie goes to the next one after the shard's last", {up("w1"), up("w2"), up("w3")}, {}, {"w2"}, false, {}, "w3"},
    {"and round to the first", {up("w1"), up("w2"), up("w3")}, {}, {"w3"}, false, {}, "w1"},
    {"taken and hard: refused", {up("w1")}, {}, {"w1"}, true, {}, "w1 holds a member of the shard already"},
    {"taken and hard: another one", {up("w1"), up("w2")}, {pod_on("w2")}, {"w1"}, true, {}, "w2"},
    {"avoided outweighs pods", {up("w1"), up("w2")}, {pod_on("w2")}, {}, false, {"w1"}, "w2"},
    {"the first named is avoided most", {up("w1"), up("w2")}, {}, {}, false, {"w1", "w2"}, "w2"},
    {"taken weighs more than avoided", {up("w1"), up("w2")}, {}, {"w2"}, false, {"w1"}, "w1"},
    {"not ready, cordoned and tainted workers are left out",
     {lost("w1"), cordoned("w2"), tainted("w3"), up("w4")},
     {},
     {},
     false,
     {},
     "w4"},
    {"a refusal names each obstacle",
     {lost("w1"), cordoned("w2"), tainted("w3")},
     {},
     {},
     false,
     {},
     "pod cache-abcde: no worker can take a member of shard 2: w1 is not ready, w2 is cordoned, w3 has the taint "
     "node.kubernetes.io/out-of-service"},
};

INSTANTIATE_TEST_SUITE_P(Table, ChooseWorker, testing::ValuesIn(kCases));

TEST(ChooseWorkerRefusal, IsOfKindRefused) {
  const auto chosen = choose_worker({cordoned("w1")}, {}, {});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(chosen.error().detail, testing::HasSubstr("uncordon"));
}

}  // namespace
}  // namespace shardkeeper::platform::local
