// scale, rebalance and slots: what they ask, write and return. The coordinator is played.
#include "cli/ask.h"
#include "tests/unit/cli/run_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace shardkeeper::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr render::Terminal kFile{.look = kLook};

// All slots are where 4 shards want them.
admin::v1::Status scaled() {
  auto status = scaling();
  status.mutable_clusters(0)->clear_migration();
  return status;
}

class MoveCommands : public testing::Test {
 protected:
  MoveCommands() {
    api_.plan = scale_plan();
    api_.scaled.set_cluster("cache");
    api_.scaled.set_shards_before(3);
    api_.scaled.set_shards(4);
    api_.scaled.set_file("cache.yaml");
    api_.statuses = {healthy(), scaling(), scaled()};
  }
  FakeAdminApi api_;
};

TEST_F(MoveCommands, APlanChangesNothing) {
  const auto ran = run_line({"scale", "cache", "--shards", "4", "--plan"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, StartsWith("cache  3 → 4 shards: 4,096 slots in 3 moves"));
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4"));
}

TEST_F(MoveCommands, ScalingShowsThePlanThenAsksThenFollows) {
  const auto ran = run_line({"scale", "cache", "--shards", "4"}, api_, kFile, Answer::kYes);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_EQ(ran.err, "Scale cache to 4?\n");
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4", "scale cache 4", "watch cache"));
  EXPECT_THAT(ran.out, HasSubstr("\ncache: 4 shards instead of 3, written to cache.yaml\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n 12 %  500 of 4,096 slots · 36,800 keys · 4.2 MiB\n")) << "the old spec's status is no progress";
  EXPECT_THAT(ran.out, EndsWith("\n100 %  4,096 of 4,096 slots · 301,500 keys · 34 MiB\ncache: all slots are where they belong\n"));
}

TEST_F(MoveCommands, NoIsNo) {
  const auto ran = run_line({"scale", "cache", "--shards", "4"}, api_, kFile, Answer::kNo);
  EXPECT_EQ(ran.code, ExitCode::kFailed);
  EXPECT_THAT(ran.err, EndsWith("shardkeeper: nothing is changed\n"));
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4"));
}

TEST_F(MoveCommands, WithoutATerminalYesMustBeSaid) {
  const auto ran = run_line({"scale", "cache", "--shards", "4"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("say --yes"));
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4"));
  EXPECT_EQ(run_line({"scale", "cache", "--shards", "4", "--yes"}, api_).code, ExitCode::kOk);
}

TEST_F(MoveCommands, NoWaitEndsWhenTheCoordinatorKnows) {
  run_line({"scale", "cache", "--shards", "4", "-y", "--no-wait"}, api_);
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4", "scale cache 4"));
}

TEST_F(MoveCommands, WhatCannotBeIsNotAsked) {
  api_.plan = no_room();
  for (const std::vector<const char*>& line :
       std::vector<std::vector<const char*>>{{"scale", "cache", "--shards", "1", "--plan"}, {"scale", "cache", "--shards", "1", "--yes"}}) {
    const auto ran = run_line(line, api_);
    EXPECT_EQ(ran.code, ExitCode::kFailed);
    EXPECT_THAT(ran.out, HasSubstr("✗ shard 0 needs 100 MB"));
    EXPECT_EQ(ran.err, "shardkeeper: cluster cache: 1 shard cannot hold the data: shard 0 needs 100 MB\n");
  }
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 1", "plan cache 1"));
}

TEST_F(MoveCommands, WhereScalingIsNotForUsTheWayIsToldBeforeItAsks) {
  api_.plan.set_elsewhere("on Kubernetes: kubectl scale --namespace shop valkeycluster/cache --replicas=4");
  const auto ran = run_line({"scale", "cache", "--shards", "4"}, api_, kFile, Answer::kYes);
  EXPECT_EQ(ran.code, ExitCode::kFailed);
  EXPECT_EQ(ran.err, "shardkeeper: cluster cache: on Kubernetes: kubectl scale --namespace shop valkeycluster/cache --replicas=4\n");
  EXPECT_THAT(ran.out, StartsWith("cache  3 → 4 shards: 4,096 slots in 3 moves"));
  EXPECT_EQ(run_line({"scale", "cache", "--shards", "4", "--plan"}, api_).code, ExitCode::kOk) << "looking is for all";
  EXPECT_THAT(api_.asked, ElementsAre("plan cache 4", "plan cache 4"));
}

TEST_F(MoveCommands, EndingTheViewDoesNotEndTheScaling) {
  api_.statuses = {scaling()};
  const auto ran = run_line({"scale", "cache", "--shards", "4", "--yes"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, EndsWith("cache: not finished; the coordinator goes on. See: shardkeeper status cache --watch\n"));
}

TEST_F(MoveCommands, ATerminalShowsABarInPlaceAndGetsItsCursorBack) {
  const render::Terminal terminal{.is_terminal = true, .height = 40, .look = {.width = 100, .now_unix_ms = kNow}};
  const auto ran = run_line({"scale", "cache", "--shards", "4"}, api_, terminal, Answer::kYes);
  EXPECT_THAT(ran.out, HasSubstr("###"));
  EXPECT_THAT(ran.out, HasSubstr("> move slots 4096-5460 from shard 0 to shard 3 by keys: 500 of 1,365 slots"));
  EXPECT_THAT(ran.out, HasSubstr("Ctrl-C ends this view"));
  EXPECT_THAT(ran.out, EndsWith("\x1b[?7h\x1b[?25hcache: all slots are where they belong\n"));
}

TEST_F(MoveCommands, WhatStandsInTheWayIsShown) {
  auto stuck = scaling();
  auto* const finding = stuck.mutable_clusters(0)->add_findings();
  finding->set_family("throttled");
  finding->set_reason("MoveFailed");
  finding->set_subject("shard 0");
  api_.statuses = {stuck, stuck};
  const auto ran = run_line({"rebalance", "cache"}, api_);
  const auto first = ran.out.find("MoveFailed");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(ran.out.find("MoveFailed", first + 1), std::string::npos) << "once";
}

TEST_F(MoveCommands, ProgramsGetOneDocument) {
  const auto ran = run_line({"scale", "cache", "--shards", "4", "--yes", "-o", "json"}, api_);
  EXPECT_EQ(boost::json::parse(ran.out).at("shardsBefore").as_int64(), 3);
  EXPECT_EQ(boost::json::parse(run_line({"scale", "cache", "--shards", "4", "--plan", "-o", "json"}, api_).out).at("slots").as_int64(),
            4096);
}

TEST_F(MoveCommands, ErrorsAreTheCoordinatorsWords) {
  api_.error = refused("cache.yaml", "is read-only");
  for (const std::vector<const char*>& line : std::vector<std::vector<const char*>>{
           {"scale", "cache", "--shards", "4", "--yes"}, {"rebalance"}, {"rebalance", "cache"}, {"slots"}}) {
    const auto ran = run_line(line, api_);
    EXPECT_EQ(ran.code, ExitCode::kFailed) << line[0];
    EXPECT_EQ(ran.err, "shardkeeper: cache.yaml: is read-only\n");
  }
}

TEST_F(MoveCommands, RebalanceFindsTheOnlyCluster) {
  EXPECT_EQ(run_line({"rebalance", "--plan"}, api_).code, ExitCode::kOk);
  EXPECT_THAT(api_.asked, ElementsAre("status ", "plan cache 0"));
  api_.statuses = {two_clusters()};
  const auto ran = run_line({"rebalance"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kFailed);
  EXPECT_EQ(ran.err, "shardkeeper: clusters: there are several, so name one: cache, single\n");
}

TEST_F(MoveCommands, SlotsAreDrawnAsAMap) {
  api_.statuses = {scaling()};
  const auto ran = run_line({"slots", "cache"}, api_);
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("\n   4096  DDDDD"));
  EXPECT_THAT(ran.out, HasSubstr("865  0-4095,4596-5460"));
  EXPECT_THAT(ran.out, Not(HasSubstr("nobody")));
  const auto json = boost::json::parse(run_line({"slots", "-o", "json"}, api_).out);
  EXPECT_EQ(json.at("clusters").at(0).at("owners").at(3).at("slotCount").as_int64(), 500);
}

TEST_F(MoveCommands, TheHigherEpochOwnsASlot) {
  auto status = scaling();
  status.mutable_clusters(0)->mutable_shards(0)->set_slot_ranges("0-5460");
  const auto map = slot_map_of(status.clusters(0));
  EXPECT_EQ(map.owners(0).slots(), "0-4095,4596-5460");
  EXPECT_EQ(map.owners(0).leaving(), 865);
  EXPECT_EQ(map.nobodys_count(), 0);
}

TEST(Answers, OnlyYesIsYes) {
  for (const char* yes : {"y", "Y", "yes", " YES \r"}) EXPECT_EQ(answer_of(yes), Answer::kYes) << yes;
  for (const char* no : {"", "n", "no", "yess", "y?"}) EXPECT_EQ(answer_of(no), Answer::kNo) << no;
}

}  // namespace
}  // namespace shardkeeper::cli
