#include "coordinator/crd/crd.h"

#include "coordinator/crd/open_api.h"
#include "coordinator/crd/status_fields.h"
#include "coordinator/crd/to_yaml.h"
#include "coordinator/manifest/schema.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

namespace shardkeeper::crd {
namespace {

using boost::json::array;
using boost::json::object;

const manifest::Field& part(const manifest::Field& field, const char* name) {
  return *std::ranges::find(field.fields, name, &manifest::Field::name);
}

object column(const char* name, const char* type, const char* path, const char* about) {
  return {{"name", name}, {"type", type}, {"jsonPath", path}, {"description", about}};
}

object only_wide(object column) {
  column["priority"] = 1;
  return column;
}

array printer_columns() {
  return {column("Ready", "string", R"(.status.conditions[?(@.type=="Ready")].status)",
                 "Whether every slot is served and every replica is in sync."),
          column("Shards", "integer", ".status.shards", "Shards that exist."),
          column("Slots", "integer", ".status.slots", "Slots that are served, of 16384."),
          column("Imbalance", "string", ".status.imbalance", "Most loaded shard divided by the average."),
          column("Reason", "string", R"(.status.conditions[?(@.type=="Ready")].reason)", "Why it is ready or not."),
          only_wide(column("Version", "string", ".status.version", "Version of the servers.")),
          column("Age", "date", ".metadata.creationTimestamp", "Since when the object exists.")};
}

// Of metadata, the API server lets a schema restrict the name only; it judges the rest itself.
object name_schema(const manifest::Field& metadata) {
  object name = open_api(part(metadata, "name"));
  name.stable_erase("description");
  return {{"type", "object"}, {"properties", {{"name", std::move(name)}}}};
}

object document_schema() {
  const auto& document = manifest::manifest_schema();
  return {{"description", "A Valkey Cluster: shards of one primary and its replicas each, kept as `spec` says."},
          {"type", "object"},
          {"required", {"spec"}},
          {"properties",
           {{"apiVersion", {{"type", "string"}}},
            {"kind", {{"type", "string"}}},
            {"metadata", name_schema(part(document, "metadata"))},
            {"spec", open_api(part(document, "spec"))},
            {"status", open_api(status_schema())}}}};
}

object version() {
  return {{"name", "v1alpha1"},
          {"served", true},
          {"storage", true},
          {"additionalPrinterColumns", printer_columns()},
          {"subresources",
           {{"status", object{}},
            {"scale",
             {{"specReplicasPath", ".spec.shards"}, {"statusReplicasPath", ".status.shards"}, {"labelSelectorPath", ".status.selector"}}}}},
          {"schema", {{"openAPIV3Schema", document_schema()}}}};
}

void drop_rules(boost::json::value& value) {
  if (auto* fields = value.if_object()) {
    fields->erase("x-kubernetes-validations");
    for (auto& [key, inner] : *fields) drop_rules(inner);
  } else if (auto* items = value.if_array()) {
    for (auto& item : *items) drop_rules(item);
  }
}

}  // namespace

object custom_resource_definition(CelRules cel) {
  boost::json::value versions(array{version()});
  if (cel == CelRules::kWithout) drop_rules(versions);
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata",
           {{"name", "valkeyclusters.shardkeeper.io"},
            {"labels", {{"app.kubernetes.io/name", "shardkeeper"}, {"app.kubernetes.io/part-of", "shardkeeper"}}}}},
          {"spec",
           {{"group", "shardkeeper.io"},
            {"scope", "Namespaced"},
            {"names",
             {{"kind", "ValkeyCluster"},
              {"listKind", "ValkeyClusterList"},
              {"plural", "valkeyclusters"},
              {"singular", "valkeycluster"},
              {"shortNames", {"vkc"}},
              {"categories", {"all"}}}},
            {"versions", std::move(versions)}}}};
}

std::string crd_file(CelRules cel) {
  return "# Rendered by render-crd from coordinator/manifest/schema.cc and coordinator/crd; edit those.\n" +
         to_yaml(custom_resource_definition(cel));
}

}  // namespace shardkeeper::crd
