#include "common/rpc/error_map.h"

#include <gtest/gtest.h>

namespace shardkeeper::rpc {
namespace {

struct Row {
  ErrorKind kind;
  grpc::StatusCode code;
};
class OurErrors : public ::testing::TestWithParam<Row> {};
TEST_P(OurErrors, TravelAsTheyAre) {
  const Error error{GetParam().kind, "command meet", "the server says no"};
  const auto status = to_status(error);
  EXPECT_EQ(status.error_code(), GetParam().code);
  EXPECT_EQ(status.error_message(), "the server says no");
  for (const auto effect : {Effect::kNone, Effect::kPossible})
    EXPECT_EQ(from_status(status, "agent", effect), (Error{GetParam().kind, "agent: command meet", "the server says no"}));
}
INSTANTIATE_TEST_SUITE_P(ErrorMap, OurErrors,
                         ::testing::Values(Row{ErrorKind::kUnavailable, grpc::StatusCode::UNAVAILABLE},
                                           Row{ErrorKind::kUnknownOutcome, grpc::StatusCode::DEADLINE_EXCEEDED},
                                           Row{ErrorKind::kConflict, grpc::StatusCode::ABORTED},
                                           Row{ErrorKind::kNotFound, grpc::StatusCode::NOT_FOUND},
                                           Row{ErrorKind::kRefused, grpc::StatusCode::FAILED_PRECONDITION},
                                           Row{ErrorKind::kInvalid, grpc::StatusCode::INVALID_ARGUMENT}));

struct LibraryRow {
  grpc::StatusCode code;
  ErrorKind without_effect;
  ErrorKind with_effect;
};
class LibraryStatuses : public ::testing::TestWithParam<LibraryRow> {};
TEST_P(LibraryStatuses, MeanWhatTheyMeanToTheCaller) {
  const auto& [code, without_effect, with_effect] = GetParam();
  const grpc::Status status(code, "words of gRPC");
  EXPECT_EQ(from_status(status, "agent", Effect::kNone).kind, without_effect);
  EXPECT_EQ(from_status(status, "agent", Effect::kPossible).kind, with_effect);
  EXPECT_EQ(from_status(status, "agent", Effect::kPossible).where, "agent");
}
INSTANTIATE_TEST_SUITE_P(
    ErrorMap, LibraryStatuses,
    ::testing::Values(LibraryRow{grpc::StatusCode::DEADLINE_EXCEEDED, ErrorKind::kUnknownOutcome, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::UNAVAILABLE, ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::CANCELLED, ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::UNKNOWN, ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::INTERNAL, ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::DATA_LOSS, ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome},
                      LibraryRow{grpc::StatusCode::PERMISSION_DENIED, ErrorKind::kRefused, ErrorKind::kRefused},
                      LibraryRow{grpc::StatusCode::UNAUTHENTICATED, ErrorKind::kRefused, ErrorKind::kRefused},
                      LibraryRow{grpc::StatusCode::FAILED_PRECONDITION, ErrorKind::kRefused, ErrorKind::kRefused},
                      LibraryRow{grpc::StatusCode::UNIMPLEMENTED, ErrorKind::kRefused, ErrorKind::kRefused},
                      LibraryRow{grpc::StatusCode::RESOURCE_EXHAUSTED, ErrorKind::kUnavailable, ErrorKind::kUnavailable},
                      LibraryRow{grpc::StatusCode::NOT_FOUND, ErrorKind::kNotFound, ErrorKind::kNotFound},
                      LibraryRow{grpc::StatusCode::ABORTED, ErrorKind::kConflict, ErrorKind::kConflict},
                      LibraryRow{grpc::StatusCode::ALREADY_EXISTS, ErrorKind::kConflict, ErrorKind::kConflict},
                      LibraryRow{grpc::StatusCode::INVALID_ARGUMENT, ErrorKind::kInvalid, ErrorKind::kInvalid},
                      LibraryRow{grpc::StatusCode::OUT_OF_RANGE, ErrorKind::kInvalid, ErrorKind::kInvalid}));

TEST(ErrorMap, ARefusalBeforeTheCallIsUnmarked) {
  const auto status = not_permitted(refused("caller x", "may not"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(from_status(status, "agent", Effect::kPossible), refused("agent", "caller x: may not"));
}

TEST(ErrorMap, LongTextsAreCutBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 2000; ++i) umlauts += "ö";
  const auto status = to_status(refused("x" + umlauts, umlauts));
  EXPECT_EQ(status.error_message().size(), 2048 + std::string("…").size());
  EXPECT_TRUE(status.error_message().ends_with("ö…"));
  EXPECT_LT(status.error_details().size(), 2100U);
}

TEST(ErrorMap, StatusesWithoutWordsGetSome) {
  EXPECT_EQ(from_status({grpc::StatusCode::INTERNAL, ""}, "agent", Effect::kNone).detail, "gRPC status 13");
  EXPECT_EQ(from_status({grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"}, "agent", Effect::kNone).detail,
            "no answer before the deadline");
  EXPECT_EQ(from_status({grpc::StatusCode::UNIMPLEMENTED, ""}, "agent", Effect::kNone).detail,
            "does not know this call: it runs an older version");
}

}  // namespace
}  // namespace shardkeeper::rpc
