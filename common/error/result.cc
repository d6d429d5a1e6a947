#include "common/error/result.h"

namespace shardkeeper {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kUnknownOutcome: return "unknown outcome";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kRefused: return "refused";
    case ErrorKind::kInvalid: return "invalid";
  }
  return "?";
}

std::string to_string(const Error& error) { return error.where.empty() ? error.detail : error.where + ": " + error.detail; }

}  // namespace shardkeeper
