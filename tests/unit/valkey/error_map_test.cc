#include "common/valkey/error_map.h"

#include <gmock/gmock.h>

namespace shardkeeper::valkey {
namespace {

using enum ErrorKind;
using testing::HasSubstr;

struct Row {
  std::string_view text;  // as servers send it
  ErrorKind kind;
  std::string_view way_out;  // expected in the detail
};

TEST(ErrorMap, EveryRow) {
  const Row rows[] = {
      {"LOADING Valkey is loading the dataset in memory", kUnavailable, ""},
      {"CLUSTERDOWN Hash slot not served", kUnavailable, ""},
      {"TRYAGAIN Multiple keys request during rehashing of slot", kUnavailable, ""},
      {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", kUnavailable, ""},
      {"BUSY Valkey is busy running a script.", kUnavailable, "SCRIPT KILL"},
      {"ERR max number of clients reached", kUnavailable, "raise maxclients"},
      {"ERR max number of clients + cluster connections reached", kUnavailable, "raise maxclients"},
      {"NOAUTH Authentication required.", kRefused, "give user and password"},
      {"WRONGPASS invalid username-password pair or user is disabled.", kRefused, "ACL file"},
      {"NOPERM User shardkeeper has no permissions to run the 'flushall' command", kRefused, "ACL lacks this command"},
      {"NOREPLICAS Not enough good replicas to write.", kUnknownOutcome, "observe, then repeat"},
      {"IOERR error or timeout reading to target instance", kUnknownOutcome, "observe first"},
      {"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", kUnknownOutcome, "observe first"},
      {"MOVED 3999 127.0.0.1:6381", kConflict, "another node owns the slot"},
      {"ASK 3999 127.0.0.1:6381", kConflict, "being moved"},
      {"READONLY You can't write against a read only replica.", kConflict, "is a replica now"},
      {"ERR Unknown node 40", kNotFound, "has not heard of that node"},
      // No row of their own.
      {"ERR Node config epoch is already non-zero", kRefused, ""},
      {"ERR max", kRefused, ""},
      {"ERR Unknown nodes", kRefused, ""},
      {"BUSYKEY Target key name already exists.", kRefused, ""},
      {"LOADINGX", kRefused, ""},
      {"", kRefused, ""},
  };
  for (const auto& row : rows) {
    const auto error = to_error("CLUSTER X", row.text);
    EXPECT_EQ(error.kind, row.kind) << row.text;
    EXPECT_EQ(error.where, "CLUSTER X");
    EXPECT_THAT(error.detail, testing::StartsWith(std::string(row.text)));
    EXPECT_THAT(error.detail, HasSubstr(row.way_out));
  }
}

TEST(ErrorMap, TextIsShortAndPrintable) {
  const auto error = to_error("PING", "ERR \x1b\xff" + std::string(100'000, 'x'));
  EXPECT_THAT(error.detail, testing::StartsWith("ERR ??xxx"));
  EXPECT_LT(error.detail.size(), 320U);
}

TEST(ErrorMap, OnlyErrorRepliesAreRefused) {
  const Reply ok{.kind = Reply::Kind::kStatus, .text = "OK"};
  EXPECT_EQ(refuse_error_reply("PING", ok).value(), ok);
  EXPECT_EQ(refuse_error_reply("PING", unavailable("x", "y")).error(), unavailable("x", "y"));
  EXPECT_EQ(refuse_error_reply("PING", Reply{.kind = Reply::Kind::kError, .text = "LOADING"}).error().kind, kUnavailable);
}

}  // namespace
}  // namespace shardkeeper::valkey
