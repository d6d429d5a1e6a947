// Each type of field in the words of OpenAPI.
#include "coordinator/crd/open_api.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::crd {
namespace {

using manifest::Field;
using manifest::Type;

boost::json::value schema_of(const Field& field) { return open_api(field); }
boost::json::value json(const char* text) { return boost::json::parse(text); }

TEST(OpenApi, OfSingleValues) {
  EXPECT_EQ(schema_of({.type = Type::kString, .about = "A."}), json(R"({"description": "A.", "type": "string"})"));
  EXPECT_EQ(schema_of({.type = Type::kInteger, .min = 1, .max = 9, .fallback = "3"}),
            json(R"({"type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "default": 3})"));
  EXPECT_EQ(schema_of({.type = Type::kInteger}), json(R"({"type": "integer", "format": "int64", "minimum": 0})"));
  EXPECT_EQ(schema_of({.type = Type::kBoolean, .fallback = "false"}), json(R"({"type": "boolean", "default": false})"));
  EXPECT_EQ(schema_of({.type = Type::kWord, .words = {"A", "B"}, .fallback = "A"}),
            json(R"({"type": "string", "enum": ["A", "B"], "default": "A"})"));
  EXPECT_EQ(schema_of({.type = Type::kTexts}), json(R"({"type": "object", "additionalProperties": {"type": "string"}})"));
  EXPECT_EQ(schema_of({.type = Type::kAnything}), json(R"({"type": "object", "x-kubernetes-preserve-unknown-fields": true})"));
  EXPECT_EQ(schema_of({.type = Type::kTime}), json(R"({"type": "string", "format": "date-time"})"));
}

// What a schema does not name is dropped silently; this is an error instead.
TEST(OpenApi, OfRefusedFieldsTakesNoValue) {
  EXPECT_EQ(schema_of({.type = Type::kRefused, .about = "it cannot be"}),
            json(R"({"description": "Refused: it cannot be.", "x-kubernetes-preserve-unknown-fields": true, "not": {}})"));
}

TEST(OpenApi, OfObjectsKeepsRequiredFieldsAndLeavesOutWhatKubernetesWrites) {
  const Field name{.name = "name", .presence = manifest::Presence::kRequired};
  const Field object{.type = Type::kObject, .fields = {name, {.name = "uid", .type = Type::kIgnored}}};
  EXPECT_EQ(schema_of(object), json(R"({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}})"));
  const Field open{.type = Type::kObject, .fields = {name, {.name = "*", .type = Type::kAnything}}};
  EXPECT_EQ(schema_of(open), json(R"({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "required": ["name"],
                                      "properties": {"name": {"type": "string"}}})"));
}

TEST(OpenApi, OfLists) {
  EXPECT_EQ(schema_of({.about = "Some.", .shape = manifest::Shape::kList}),
            json(R"({"description": "Some.", "type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"})"));
  const auto keyed = schema_of({.type = Type::kObject, .shape = manifest::Shape::kList, .list_key = "name", .fields = {{.name = "name"}}});
  EXPECT_EQ(keyed.at("x-kubernetes-list-type"), "map");
  EXPECT_EQ(keyed.at("x-kubernetes-list-map-keys"), json(R"(["name"])"));
}

}  // namespace
}  // namespace shardkeeper::crd
