#include "coordinator/crd/rule_schema.h"

#include "common/error/check.h"
#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/rules.h"

namespace shardkeeper::crd {
namespace {

boost::json::object text(std::int64_t length_max, const char* pattern) {
  return {{"minLength", 1}, {"maxLength", length_max}, {"pattern", pattern}};
}

}  // namespace

boost::json::object rule_schema(manifest::Rule rule) {
  if (rule == nullptr) return {};
  if (rule == manifest::cluster_name_rule) return text(manifest::kClusterNameLengthMax, "^[a-z]([-a-z0-9]*[a-z0-9])?$");
  if (rule == manifest::namespace_rule) return text(63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$");
  if (rule == manifest::object_name_rule) return text(253, R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)");
  if (rule == manifest::image_rule) return text(500, "^[!-~]+$");
  if (rule == manifest::not_empty_rule) return {{"minLength", 1}};
  if (rule == manifest::shards_rule) return {{"not", {{"enum", {2}}}}};
  if (rule == manifest::rate_rule) return {{"not", {{"enum", {0, "0"}}}}};
  SK_CHECK(false, "a rule of coordinator/manifest/rules.h has no line in rule_schema");
  return {};
}

}  // namespace shardkeeper::crd
