#include "coordinator/platform/local/worker_set.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

const WorkerName kW1("w1");
const WorkerName kW2("w2");
const WorkerName kW3("w3");

std::vector<WorkerOptions> three() { return {{kW2, "z2"}, {kW1, "z1"}, {kW3, "z1"}}; }

TEST(WorkerSet, ShowsTheOptionsSorted) {
  const test::TempDir temp;
  const auto set = WorkerSet::open(temp / "workers.json", three(), {});
  ASSERT_TRUE(set) << to_string(set.error());
  const std::vector<model::Worker> expected{{kW1, "z1", true, true, {}}, {kW2, "z2", true, true, {}}, {kW3, "z1", true, true, {}}};
  EXPECT_EQ(set->view(), expected);
}

TEST(WorkerSet, RemembersWhatWasDoneToAWorker) {
  const test::TempDir temp;
  {
    auto set = WorkerSet::open(temp / "workers.json", three(), {});
    ASSERT_TRUE(set);
    ASSERT_TRUE(set->put(kW1, {.zone = "z1", .is_cordoned = true}));
    ASSERT_TRUE(set->put(kW2, {.zone = "z2", .health = WorkerHealth::kStopped, .is_confirmed_lost = true}));
  }
  const auto set = WorkerSet::open(temp / "workers.json", three(), {});
  ASSERT_TRUE(set);
  const std::vector<model::Worker> expected{
      {kW1, "z1", true, false, {}}, {kW2, "z2", false, true, {model::kTaintOutOfService}}, {kW3, "z1", true, true, {}}};
  EXPECT_EQ(set->view(), expected);
  EXPECT_EQ(set->health(kW2), WorkerHealth::kStopped);
}

TEST(WorkerSet, KeepsAWorkerNobodyNamesWhileItHasPods) {
  const test::TempDir temp;
  ASSERT_TRUE(WorkerSet::open(temp / "workers.json", three(), {}));
  const auto with_pods = WorkerSet::open(temp / "workers.json", {{kW1, "z1"}}, {kW2});
  ASSERT_TRUE(with_pods);
  const std::vector<model::Worker> expected{{kW1, "z1", true, true, {}}, {kW2, "z2", true, false, {}}};
  EXPECT_EQ(with_pods->view(), expected) << "cordoned: nobody asked for it any more";
  const auto without = WorkerSet::open(temp / "workers.json", {{kW1, "z1"}}, {});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->view().size(), 1U);
}

TEST(WorkerSet, TakesOverAnotherZone) {
  const test::TempDir temp;
  ASSERT_TRUE(WorkerSet::open(temp / "workers.json", {{kW1, "z1"}}, {}));
  const auto set = WorkerSet::open(temp / "workers.json", {{kW1, "z9"}}, {});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->view().front().zone, "z9");
}

TEST(WorkerSet, RefusesBadOptions) {
  const test::TempDir temp;
  const auto error_of = [&](const std::vector<WorkerOptions>& options) {
    return to_string(WorkerSet::open(temp / "workers.json", options, {}).error());
  };
  EXPECT_THAT(error_of({}), HasSubstr("there must be at least one"));
  EXPECT_THAT(error_of({{kW1, ""}, {kW1, ""}}), HasSubstr("worker 'w1': is named twice"));
  EXPECT_THAT(error_of({{WorkerName("../x"), ""}}), HasSubstr("its name must be"));
}

TEST(WorkerSet, SaysWhatIsWrongWithItsFileAndTheWayOut) {
  const test::TempDir temp;
  for (const char* text : {"", "[]", "{\"workers\":[{}]}",
                           "{\"workers\":[{\"name\":\"w1\",\"zone\":\"\",\"health\":\"?\",\"cordoned\":false,\"confirmedLost\":false}]}"}) {
    test::write_file(temp / "workers.json", text);
    const auto set = WorkerSet::open(temp / "workers.json", three(), {});
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(to_string(set.error()), HasSubstr("or delete it"));
  }
}

TEST(WorkerSet, NamesTheWorkersThereAre) {
  const test::TempDir temp;
  auto set = WorkerSet::open(temp / "workers.json", three(), {});
  ASSERT_TRUE(set);
  const auto unknown = set->find(WorkerName("w9"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(to_string(unknown.error()), HasSubstr("there are w1, w2, w3"));
  EXPECT_FALSE(set->put(WorkerName("w9"), {}));
}

TEST(WorkerSet, ChangesNothingThatItCannotWriteDown) {
  const test::TempDir temp;
  std::filesystem::create_directory(temp / "s");
  auto set = WorkerSet::open(temp / "s/workers.json", three(), {});
  ASSERT_TRUE(set);
  std::filesystem::remove_all(temp / "s");
  EXPECT_FALSE(set->put(kW1, {.is_cordoned = true}));
  EXPECT_TRUE(set->view().front().schedulable);
}

}  // namespace
}  // namespace shardkeeper::platform::local
