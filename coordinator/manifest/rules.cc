#include "coordinator/manifest/rules.h"

#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/quantity.h"

#include <algorithm>

namespace shardkeeper::manifest {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::string> label_rule(std::string_view text, std::size_t length_max) {
  if (text.empty()) return "is empty";
  if (text.size() > length_max)
    return "is " + std::to_string(text.size()) + " characters long; at most " + std::to_string(length_max) + " are allowed";
  if (!std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; }))
    return "may only hold lower-case letters, digits and \"-\"";
  if (text.front() == '-' || text.back() == '-') return "must start and end with a letter or a digit";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> cluster_name_rule(std::string_view text) {
  if (auto wrong = label_rule(text, kClusterNameLengthMax)) return wrong;
  // Services of Kubernetes before 1.33 must start with a letter, and they carry this name.
  if (!is_lower(text.front())) return "must start with a letter";
  return std::nullopt;
}

std::optional<std::string> namespace_rule(std::string_view text) { return label_rule(text, 63); }

std::optional<std::string> object_name_rule(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.size() > 253) return "is longer than 253 characters";
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t dot = std::min(text.find('.', start), text.size());
    if (auto wrong = label_rule(text.substr(start, dot - start), 253)) return wrong;
    start = dot + 1;
  }
  return std::nullopt;
}

std::optional<std::string> image_rule(std::string_view text) {
  if (text.empty()) return "is empty; name an image like docker.io/valkey/valkey:8.1";
  if (text.size() > 500) return "is longer than 500 characters";
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; })) return "may not hold spaces or control characters";
  return std::nullopt;
}

std::optional<std::string> rate_rule(std::string_view text) {
  const auto rate = parse_quantity(text);
  if (rate && *rate == 0) return "must be more than 0; leave it out for no limit, or set spec.paused to move nothing";
  return std::nullopt;
}

std::optional<std::string> shards_rule(std::string_view text) {
  if (text == "2") return "must be 1 or at least 3: of two primaries neither can be outvoted when one is lost";
  return std::nullopt;
}

std::optional<std::string> not_empty_rule(std::string_view text) {
  if (text.empty()) return "is empty";
  return std::nullopt;
}

}  // namespace shardkeeper::manifest
