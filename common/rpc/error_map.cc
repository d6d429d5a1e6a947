#include "common/rpc/error_map.h"

#include "common/error/check.h"
#include "common/rpc/utf8.h"

#include <string_view>

namespace shardkeeper::rpc {
namespace {

constexpr std::string_view kMark = "shardkeeper/1 ";  // then `where`
constexpr std::size_t kTextBytesMax = 2048;

std::string clipped(const std::string& text) {
  const std::string whole = to_utf8(text, kTextBytesMax);
  return text.size() <= kTextBytesMax ? whole : whole + "…";
}

grpc::StatusCode code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnavailable: return grpc::StatusCode::UNAVAILABLE;
    case ErrorKind::kUnknownOutcome: return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorKind::kConflict: return grpc::StatusCode::ABORTED;
    case ErrorKind::kNotFound: return grpc::StatusCode::NOT_FOUND;
    case ErrorKind::kRefused: return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorKind::kInvalid: return grpc::StatusCode::INVALID_ARGUMENT;
  }
  return grpc::StatusCode::UNKNOWN;
}

// Codes that to_status makes; others cannot be marked unless a newer version learnt a new kind.
ErrorKind kind_of_marked(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE: return ErrorKind::kUnavailable;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return ErrorKind::kUnknownOutcome;
    case grpc::StatusCode::ABORTED: return ErrorKind::kConflict;
    case grpc::StatusCode::NOT_FOUND: return ErrorKind::kNotFound;
    case grpc::StatusCode::INVALID_ARGUMENT: return ErrorKind::kInvalid;
    default: return ErrorKind::kRefused;
  }
}

ErrorKind kind_of_unmarked(grpc::StatusCode code, Effect effect) {
  const ErrorKind lost = effect == Effect::kPossible ? ErrorKind::kUnknownOutcome : ErrorKind::kUnavailable;
  switch (code) {
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED: return ErrorKind::kRefused;  // the last: an older version
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return ErrorKind::kUnavailable;
    case grpc::StatusCode::NOT_FOUND: return ErrorKind::kNotFound;
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::ALREADY_EXISTS: return ErrorKind::kConflict;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE: return ErrorKind::kInvalid;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return ErrorKind::kUnknownOutcome;
    // UNAVAILABLE, CANCELLED: the connection was lost, perhaps after the call was sent. UNKNOWN, INTERNAL, DATA_LOSS: the answer
    // could not be read.
    default: return lost;
  }
}

std::string reason_of(const grpc::Status& status) {
  const bool timed_out = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (timed_out) return "no answer before the deadline";
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return "does not know this call: it runs an older version";
  if (status.error_message().empty()) return "gRPC status " + std::to_string(status.error_code());
  return status.error_message();
}

}  // namespace

grpc::Status to_status(const Error& error) {
  return {code_of(error.kind), clipped(error.detail), std::string(kMark) + clipped(error.where)};
}

grpc::Status not_permitted(const Error& error) { return {grpc::StatusCode::PERMISSION_DENIED, clipped(to_string(error))}; }

Error from_status(const grpc::Status& status, const std::string& where, Effect effect) {
  SK_CHECK(!status.ok(), "from_status of a success");
  const std::string details = status.error_details();
  if (details.starts_with(kMark)) {
    const std::string inner = details.substr(kMark.size());
    return {kind_of_marked(status.error_code()), inner.empty() ? where : where + ": " + inner, status.error_message()};
  }
  return {kind_of_unmarked(status.error_code(), effect), where, reason_of(status)};
}

}  // namespace shardkeeper::rpc
