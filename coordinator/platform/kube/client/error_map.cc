#include "coordinator/platform/kube/client/error_map.h"

#include "coordinator/platform/kube/client/fields.h"

#include <boost/json.hpp>

#include <algorithm>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

constexpr std::size_t kWordsMax = 300;

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

std::string printable(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, kWordsMax)) clean += c >= ' ' && c <= '~' ? c : (c == '\n' || c == '\t' ? ' ' : '?');
  if (text.size() > kWordsMax) clean.replace(kWordsMax - 3, 3, "...");
  return clean;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  path = without_query(path);
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

bool is_eviction(Method method, std::string_view path) {
  constexpr std::string_view kEnd = "/eviction";
  const auto plain = without_query(path);
  return method == Method::kPost && plain.size() > kEnd.size() && plain.substr(plain.size() - kEnd.size()) == kEnd;
}

// A budget's "no" has the code of an overloaded server. It names the cause, and 1.20 does as well.
bool is_budgets_no(Method method, std::string_view path, const Answer& answer) {
  return answer.status == 429 && is_eviction(method, path) && answer.body.find("DisruptionBudget") != std::string_view::npos;
}

struct Place {
  std::string space;
  std::string resource;
  bool has_name = false;
};

// After /api/VERSION or /apis/GROUP/VERSION, wherever a base path puts them.
Place place_of(std::string_view path) {
  const auto parts = parts_of(path);
  auto at = std::find_if(parts.begin(), parts.end(), [](std::string_view part) { return part == "api" || part == "apis"; });
  if (at == parts.end()) return {"", std::string(without_query(path)), false};
  const auto skip = *at == "api" ? 2 : 3;
  if (parts.end() - at <= skip) return {"", std::string(without_query(path)), false};
  at += skip;
  Place place;
  // /namespaces/NAME alone is the namespace object itself.
  if (*at == "namespaces" && parts.end() - at > 2) {
    place.space = std::string(at[1]);
    at += 2;
  }
  place.resource = std::string(*at);
  place.has_name = parts.end() - at > 1;
  for (auto rest = at + std::min<std::ptrdiff_t>(2, parts.end() - at); rest != parts.end(); ++rest)
    place.resource.append("/").append(*rest);
  return place;
}

std::string verb_of(Method method, std::string_view path, bool has_name) {
  switch (method) {
    case Method::kGet:
      if (path.find("watch=true") != std::string_view::npos) return "watch";
      return has_name ? "get" : "list";
    case Method::kPost: return "create";
    case Method::kPut: return "update";
    case Method::kPatch: return "patch";
    case Method::kDelete: return "delete";
  }
  return "?";
}

// The kind of trouble that a status code stands for when nothing more is known.
struct Row {
  int from;
  int to;
  ErrorKind kind;
};
constexpr Row kTable[] = {
    {400, 400, ErrorKind::kInvalid},      // malformed request
    {401, 401, ErrorKind::kRefused},      // credentials
    {403, 403, ErrorKind::kRefused},      // RBAC, admission, a namespace that is going away
    {404, 404, ErrorKind::kNotFound},     //
    {405, 405, ErrorKind::kInvalid},      // the resource knows no such verb
    {408, 408, ErrorKind::kUnavailable},  // the server waited for us
    {409, 410, ErrorKind::kConflict},     // 410: what we build on is gone; observe again
    {411, 428, ErrorKind::kInvalid},      // 413 too large, 415 patch type, 422 fields
    {429, 429, ErrorKind::kUnavailable},  //
    {430, 499, ErrorKind::kInvalid},      //
    {500, 599, ErrorKind::kUnavailable},  // see to_error for 504
};

ErrorKind kind_of(int status) {
  for (const Row& row : kTable)
    if (row.from <= status && status <= row.to) return row.kind;
  // 1xx that we never ask for, 3xx that we do not follow: not an API server.
  return ErrorKind::kInvalid;
}

}  // namespace

std::string where_of(Method method, std::string_view path) { return to_string(method) + (" " + printable(without_query(path))); }

std::string what_of(Method method, std::string_view path) {
  const Place place = place_of(path);
  return printable(verb_of(method, path, place.has_name) + " " + place.resource +
                   (place.space.empty() ? "" : " in namespace " + place.space));
}

std::string words_of(std::string_view body) {
  boost::system::error_code failed;
  // A Status is small; of anything larger only the beginning is shown.
  if (body.size() <= 64 * 1024) {
    const auto value = boost::json::parse(body, failed);
    if (!failed && value.is_object()) {
      const auto message = text_at(value.as_object(), {"message"});
      if (!message.empty()) return printable(message);
    }
  }
  return body.empty() ? "no reason given" : printable(body);
}

Error to_error(Method method, std::string_view path, const Answer& answer) {
  const auto where = where_of(method, path);
  const auto words = words_of(answer.body);
  const auto code = std::to_string(answer.status);
  if (is_budgets_no(method, path, answer)) return refused(where, words);
  if (answer.status == 401) return refused(where, "401: the API server does not accept our credentials: " + words);
  if (answer.status == 403) return refused(where, "403: not allowed to " + what_of(method, path) + ": " + words);
  // The API server gave up waiting for its own storage, which may still finish the write.
  if (answer.status == 504 && method != Method::kGet) return unknown_outcome(where, "504: " + words);
  if (answer.status >= 300 && answer.status < 400) return invalid(where, code + ": this is no API server: " + words);
  return {kind_of(answer.status), where, code + ": " + words};
}

bool is_worth_retrying(Method method, std::string_view path, const Answer& answer) {
  if (answer.status == 429) return !is_budgets_no(method, path, answer);
  return method == Method::kGet && answer.status >= 500 && answer.retry_after.has_value();
}

}  // namespace shardkeeper::platform::kube
