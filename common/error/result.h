// Errors as values. Six kinds, because callers have six reactions (coordinator/README.md has the table).
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace shardkeeper {

enum class ErrorKind {
  kUnavailable,     // could not be asked; try again in the next pass, with back-off
  kUnknownOutcome,  // a deadline passed after sending; observe again, never resend blindly
  kConflict,        // stale epoch, lower fence token; observe again at once
  kNotFound,        // absent: a fact, often not an error
  kRefused,         // the other side said no; retry only when something changes
  kInvalid,         // a manifest or reply that cannot be understood
};

std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::kInvalid;
  std::string where;   // the thing: a file and line, a pod, a command
  std::string detail;  // the reason and, where there is one, the way out

  bool operator==(const Error&) const = default;
};

// "cluster.yaml:7: spec.shards: must be 1 or at least 3" — `where` first, then `detail`.
std::string to_string(const Error& error);

// Found by boost::system::result when value() is called without a value; a broken invariant, never a way to handle errors.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value() of a failed result: " + to_string(error));
}

template <typename T>
using Result = boost::system::result<T, Error>;

inline Error unavailable(std::string where, std::string detail) { return {ErrorKind::kUnavailable, std::move(where), std::move(detail)}; }
inline Error unknown_outcome(std::string where, std::string detail) {
  return {ErrorKind::kUnknownOutcome, std::move(where), std::move(detail)};
}
inline Error conflict(std::string where, std::string detail) { return {ErrorKind::kConflict, std::move(where), std::move(detail)}; }
inline Error not_found(std::string where, std::string detail) { return {ErrorKind::kNotFound, std::move(where), std::move(detail)}; }
inline Error refused(std::string where, std::string detail) { return {ErrorKind::kRefused, std::move(where), std::move(detail)}; }
inline Error invalid(std::string where, std::string detail) { return {ErrorKind::kInvalid, std::move(where), std::move(detail)}; }

}  // namespace shardkeeper
