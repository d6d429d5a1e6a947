// What the API server's answers mean: the only translation of its status codes. Pure.
#pragma once

#include "coordinator/platform/kube/client/api.h"

#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

// The part of a reply that errors are made of.
struct Answer {
  int status = 0;
  std::string_view body;                            // a Status object in JSON, or whatever a proxy said
  std::optional<std::chrono::seconds> retry_after;  // the header
};

// "PATCH /api/v1/namespaces/a/pods/b": without query, for an error's `where`.
std::string where_of(Method method, std::string_view path);
// "create pods/eviction in namespace a", "list nodes": what RBAC calls it.
std::string what_of(Method method, std::string_view path);

// The server's own words, or the beginning of what it said instead; printable, at most 300 characters.
std::string words_of(std::string_view body);

// REQUIRES status is not 2xx. The table is in api.h; each row has a test.
Error to_error(Method method, std::string_view path, const Answer& answer);

// Whether the client sends the same request again by itself: the server told to wait and did nothing (429, but not a disruption
// budget's), or told when a read that failed on its side may work (5xx with Retry-After).
bool is_worth_retrying(Method method, std::string_view path, const Answer& answer);

}  // namespace shardkeeper::platform::kube
