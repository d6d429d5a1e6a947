#include "coordinator/crd/reference.h"

#include "coordinator/crd/status_fields.h"
#include "coordinator/manifest/schema.h"

#include <algorithm>
#include <limits>

namespace shardkeeper::crd {
namespace {

using manifest::Field;
using manifest::Type;

std::string bounds(const Field& field) {
  if (field.max == std::numeric_limits<std::int64_t>::max()) return "integer ≥ " + std::to_string(field.min);
  return "integer, " + std::to_string(field.min) + " to " + std::to_string(field.max);
}

std::string words(const Field& field) {
  std::string text;
  for (const auto& word : field.words) text += (text.empty() ? "`" : ", `") + word + "`";
  return text;
}

std::string type_of(const Field& field) {
  switch (field.type) {
    case Type::kString: return "text";
    case Type::kInteger: return bounds(field);
    case Type::kBoolean: return "`true`, `false`";
    case Type::kWord: return words(field);
    case Type::kQuantity: return "quantity";
    case Type::kTexts: return "map of texts";
    case Type::kSettings: return "map of texts or integers";
    case Type::kTime: return "time";
    case Type::kAnything: return "as in a pod's spec";
    case Type::kRefused: return "refused";
    case Type::kObject: return field.shape == manifest::Shape::kList ? "list" : "object";
    case Type::kIgnored: break;
  }
  return "";
}

std::string default_text(const Field& field) {
  if (field.presence == manifest::Presence::kRequired) return "required";
  return field.fallback.empty() ? "" : "`" + field.fallback + "`";
}

void add_rows(std::string& page, const Field& field, const std::string& path) {
  page += "| `" + path + "` | " + (field.shape == manifest::Shape::kList && field.type != Type::kObject ? "list of " : "") +
          type_of(field) + " | " + default_text(field) + " | " + field.about + " |\n";
  for (const Field& part : field.fields)
    if (part.name != "*" && part.type != Type::kIgnored)
      add_rows(page, part, path + (field.shape == manifest::Shape::kList ? "[]." : ".") + part.name);
}

std::string table(const Field& field) {
  std::string text = "| Field | Value | Default | Meaning |\n|---|---|---|---|\n";
  add_rows(text, field, field.name);
  return text;
}

}  // namespace

std::string reference_page() {
  const auto& fields = manifest::manifest_schema().fields;
  const Field& spec = *std::ranges::find(fields, "spec", &Field::name);
  return "# ValkeyCluster, field by field\n\n"
         "API version `shardkeeper.io/v1alpha1`, kind `ValkeyCluster`, short name `vkc`. This page is rendered from the tables that the "
         "CRD is "
         "rendered\nfrom; [the manifest's page](../manifest.md) says more about memory, settings and mistakes.\n\n"
         "`kubectl explain valkeycluster.spec --recursive` shows the same on a cluster.\n\n"
         "## spec\n\n" +
         table(spec) + "\n## status\n\nWritten by the coordinator through the `status` subresource.\n\n" + table(status_schema());
}

}  // namespace shardkeeper::crd
