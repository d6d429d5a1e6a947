#include "coordinator/crd/open_api.h"

#include "common/error/check.h"
#include "coordinator/crd/cel_rules.h"
#include "coordinator/crd/rule_schema.h"
#include "coordinator/manifest/scalar.h"

#include <boost/json/array.hpp>

#include <limits>
#include <utility>

namespace shardkeeper::crd {
namespace {

using boost::json::array;
using boost::json::object;
using manifest::Field;
using manifest::Type;

void add_all(object& to, object from) {
  for (auto& [key, value] : from) to[key] = std::move(value);
}

object integer(const Field& field) {
  constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
  object schema{
      {"type", "integer"}, {"format", field.max > std::numeric_limits<std::int32_t>::max() ? "int64" : "int32"}, {"minimum", field.min}};
  if (field.max != kUnbounded) schema["maximum"] = field.max;
  return schema;
}

object word(const Field& field) {
  array words;
  for (const auto& one : field.words) words.emplace_back(one);
  return {{"type", "string"}, {"enum", std::move(words)}};
}

// `pattern` judges texts only, `minimum` numbers only.
object quantity() {
  return {{"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}},
          {"x-kubernetes-int-or-string", true},
          {"minimum", 0},
          {"pattern", kQuantityPattern}};
}

object map_of(object values) { return {{"type", "object"}, {"additionalProperties", std::move(values)}}; }

object text_or_integer() { return {{"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}}, {"x-kubernetes-int-or-string", true}}; }

object fields_of(const Field& field) {
  object schema{{"type", "object"}};
  array required;
  object properties;
  for (const Field& part : field.fields) {
    if (part.type == Type::kIgnored) continue;
    if (part.name == "*") {
      schema["x-kubernetes-preserve-unknown-fields"] = true;
      continue;
    }
    if (part.presence == manifest::Presence::kRequired) required.emplace_back(part.name);
    properties[part.name] = open_api(part);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  return schema;
}

object of_type(const Field& field) {
  switch (field.type) {
    case Type::kString: return {{"type", "string"}};
    case Type::kInteger: return integer(field);
    case Type::kBoolean: return {{"type", "boolean"}};
    case Type::kWord: return word(field);
    case Type::kQuantity: return quantity();
    case Type::kTexts: return map_of({{"type", "string"}});
    case Type::kSettings: return map_of(text_or_integer());
    case Type::kTime: return {{"type", "string"}, {"format", "date-time"}};
    case Type::kAnything: return {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    case Type::kRefused: return {{"x-kubernetes-preserve-unknown-fields", true}, {"not", object{}}};
    case Type::kObject: return fields_of(field);
    case Type::kIgnored: break;
  }
  SK_CHECK(false, "ignored fields have no schema");
  return {};
}

boost::json::value default_of(const Field& field) {
  if (field.type == Type::kInteger) return *manifest::whole_number(field.fallback);
  if (field.type == Type::kBoolean) return field.fallback == "true";
  return boost::json::string(field.fallback);
}

object one(const Field& field) {
  object schema = of_type(field);
  add_all(schema, rule_schema(field.rule));
  if (auto rules = cel_rules(field); !rules.empty()) schema["x-kubernetes-validations"] = std::move(rules);
  if (!field.fallback.empty()) schema["default"] = default_of(field);
  return schema;
}

object list_of(const Field& field) {
  object schema{{"type", "array"}, {"items", one(field)}};
  if (field.list_key.empty()) {
    schema["x-kubernetes-list-type"] = "atomic";
  } else {
    schema["x-kubernetes-list-type"] = "map";
    schema["x-kubernetes-list-map-keys"] = array{boost::json::string(field.list_key)};
  }
  return schema;
}

std::string description(const Field& field) { return field.type == Type::kRefused ? "Refused: " + field.about + "." : field.about; }

}  // namespace

object open_api(const Field& field) {
  object schema;
  if (!field.about.empty()) schema["description"] = description(field);
  add_all(schema, field.shape == manifest::Shape::kList ? list_of(field) : one(field));
  return schema;
}

}  // namespace shardkeeper::crd
