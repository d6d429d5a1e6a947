// What the API server takes and what a manifest's reader takes is the same: rules and their patterns, defaults and the model.
#include "coordinator/crd/rule_schema.h"
#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/quantity.h"
#include "coordinator/manifest/rules.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <regex>
#include <string>
#include <vector>

namespace shardkeeper::crd {
namespace {

bool matches(std::string_view pattern, const std::string& text) { return std::regex_search(text, std::regex(std::string(pattern))); }

// As the API server judges.
bool schema_takes(const boost::json::object& schema, const std::string& text) {
  if (const auto* least = schema.if_contains("minLength"); least != nullptr && text.size() < least->to_number<std::size_t>()) return false;
  if (const auto* most = schema.if_contains("maxLength"); most != nullptr && text.size() > most->to_number<std::size_t>()) return false;
  const auto* pattern = schema.if_contains("pattern");
  return pattern == nullptr || matches(pattern->as_string(), text);
}

const std::vector<std::string>& texts() {
  static const std::vector<std::string> all{"",
                                            "a",
                                            "cache",
                                            "cache-1",
                                            "1cache",
                                            "-cache",
                                            "cache-",
                                            "Cache",
                                            "a.b",
                                            "a..b",
                                            ".a",
                                            "a.",
                                            "a_b",
                                            "a b",
                                            "a\tb",
                                            "für",
                                            "a/b:c",
                                            "~",
                                            "0",
                                            "a-b.c-d",
                                            "a.-b",
                                            "a-.b",
                                            "\x7f",
                                            "a\n",
                                            std::string(40, 'a'),
                                            std::string(41, 'a'),
                                            std::string(63, 'a'),
                                            std::string(64, 'a'),
                                            std::string(253, 'a'),
                                            std::string(254, 'a'),
                                            std::string(500, 'a'),
                                            std::string(501, 'a')};
  return all;
}

TEST(Agreement, OfRulesAndTheirSchemas) {
  for (const auto rule :
       {manifest::cluster_name_rule, manifest::namespace_rule, manifest::object_name_rule, manifest::image_rule, manifest::not_empty_rule})
    for (const auto& text : texts())
      EXPECT_EQ(schema_takes(rule_schema(rule), text), !rule(text).has_value()) << '"' << text << "\" " << rule_schema(rule);
}

TEST(Agreement, OfQuantities) {
  for (const char* text :
       {"0", "1", "512Mi", "1.5Gi", ".5",   "1.",  "+1",   "-1",   "1e9", "1E9", "1e+9", "1e-3", "100m", "1k",  "1K", "1GB", "1 Gi",
        "",  ".", "Mi",    "1.2.3", "0x10", "inf", "1Ki1", "1ee3", "1e",  "2G",  "1T",   "1P",   "1Pi",  "1Ti", "1u", "1Ei"})
    EXPECT_EQ(matches(kQuantityPattern, text), manifest::parse_quantity(text).has_value()) << text;
}

// The API server writes its defaults into the object; a manifest that leaves the fields out must mean the same.
TEST(Agreement, OfDefaultsAndTheModel) {
  const std::string start = "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: a}\nspec:\n  image: i:1\n";
  std::string with_defaults = start;
  const auto& document = manifest::manifest_schema();
  for (const auto& top : document.fields)
    if (top.name == "spec")
      for (const auto& field : top.fields) {
        if (!field.fallback.empty()) with_defaults += "  " + field.name + ": " + field.fallback + "\n";
        if (field.type != manifest::Type::kObject || field.honoured_by == manifest::HonouredBy::kKubernetes) continue;
        std::string inner;
        for (const auto& part : field.fields)
          if (!part.fallback.empty()) inner += "    " + part.name + ": " + part.fallback + "\n";
        if (!inner.empty()) with_defaults += "  " + field.name + ":\n" + inner;
      }
  const auto bare = manifest::parse_manifests("a", start), full = manifest::parse_manifests("a", with_defaults);
  ASSERT_EQ(bare.clusters.size(), 1U);
  ASSERT_EQ(full.clusters.size(), 1U) << (full.errors.empty() ? "" : to_string(full.errors[0]));
  EXPECT_EQ(bare.clusters[0].object, full.clusters[0].object);
  EXPECT_NE(with_defaults.find("maxParallelShards: 1"), std::string::npos) << with_defaults;
}

}  // namespace
}  // namespace shardkeeper::crd
