#include "coordinator/crd/cel_rules.h"

#include "agent/decide/refused_settings.h"
#include "coordinator/manifest/rules.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shardkeeper::crd {
namespace {

boost::json::object rule(std::string expression, std::string message) {
  return {{"rule", std::move(expression)}, {"message", std::move(message)}};
}

// Map look-ups only: their cost does not depend on the map's size, so the API server's estimate stays small. Patterns and other cases of
// letters are left to the coordinator, which reads the same table.
boost::json::object refused_together(const std::vector<std::string_view>& names, std::string_view reason) {
  std::string any, listed;
  for (const auto name : names) {
    any += (any.empty() ? "'" : " || '") + std::string(name) + "' in self";
    listed += (listed.empty() ? "" : ", ") + std::string(name);
  }
  return rule("!(" + any + ")", listed + ": " + std::string(reason));
}

boost::json::array refused_settings_rules() {
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> by_reason;
  for (const auto& refused : agent::refused_names()) {
    if (refused.name.ends_with('*')) continue;
    if (by_reason.empty() || by_reason.back().first != refused.reason) by_reason.push_back({refused.reason, {}});
    by_reason.back().second.push_back(refused.name);
  }
  boost::json::array rules;
  for (const auto& [reason, names] : by_reason) rules.push_back(refused_together(names, reason));
  rules.push_back(refused_together({"maxmemory"}, "follows from spec.resources.limits.memory; set that"));
  return rules;
}

}  // namespace

boost::json::array cel_rules(const manifest::Field& field) {
  if (field.type == manifest::Type::kSettings) return refused_settings_rules();
  if (field.rule == manifest::shards_rule) return {rule("self != 2", *manifest::shards_rule("2"))};
  return {};
}

}  // namespace shardkeeper::crd
