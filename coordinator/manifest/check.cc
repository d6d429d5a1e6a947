#include "coordinator/manifest/check.h"

#include "coordinator/manifest/quantity.h"
#include "coordinator/manifest/scalar.h"
#include "coordinator/manifest/suggest.h"

#include <algorithm>
#include <map>

namespace shardkeeper::manifest {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 60;
  return '"' + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    text += words[i];
  }
  return text;
}

std::string found(const Yaml& value) {
  switch (value.kind) {
    case Yaml::Kind::kNull: return "nothing";
    case Yaml::Kind::kList: return "a list";
    case Yaml::Kind::kMap: return "a map";
    case Yaml::Kind::kScalar: break;
  }
  return quoted(value.text);
}

class Checker {
 public:
  Checked take() {
    std::ranges::stable_sort(checked_.errors, {}, &FieldError::line);
    return std::move(checked_);
  }

  // `value` is there and `path` names it.
  void field(const Yaml& value, const Field& schema, const std::string& path) {
    if (schema.honoured_by == HonouredBy::kKubernetes) checked_.not_honoured.push_back(path);
    if (schema.type == Type::kRefused) return error(value, path, "is not allowed: " + schema.about);
    if (schema.shape == Shape::kOne || schema.type == Type::kIgnored) return one(value, schema, path);
    if (value.kind == Yaml::Kind::kNull) return;
    if (value.kind != Yaml::Kind::kList) return error(value, path, "must be a list, not " + found(value));
    for (std::size_t i = 0; i < value.items.size(); ++i) one(value.items[i], schema, path + "[" + std::to_string(i) + "]");
    if (!schema.list_key.empty()) report_doubled_items(value, schema.list_key, path);
  }

 private:
  void error(const Yaml& value, const std::string& path, std::string reason) { error(value.line, path, std::move(reason)); }
  void error(int line, const std::string& path, std::string reason) { checked_.errors.push_back({line, path, std::move(reason)}); }

  void one(const Yaml& value, const Field& schema, const std::string& path) {
    switch (schema.type) {
      case Type::kAnything:
      case Type::kIgnored:
      case Type::kRefused: return;
      case Type::kObject: return object(value, schema, path);
      case Type::kTexts:
      case Type::kSettings: return texts(value, schema, path);
      default: return scalar(value, schema, path);
    }
  }

  void object(const Yaml& value, const Field& schema, const std::string& path) {
    // `config:` with every line below commented out is nothing, as it is to Kubernetes.
    if (value.kind == Yaml::Kind::kNull && schema.presence == Presence::kOptional) return;
    if (value.kind != Yaml::Kind::kMap) return error(value, path, "must be a map of fields, not " + found(value));
    report_doubled_keys(value, path);
    for (const auto& entry : value.entries) {
      const auto known = std::ranges::find(schema.fields, entry.key, &Field::name);
      const std::string entry_path = path.empty() ? entry.key : path + "." + entry.key;
      if (known != schema.fields.end())
        field(entry.value, *known, entry_path);
      else if (std::ranges::find(schema.fields, "*", &Field::name) == schema.fields.end())
        error(entry.line, entry_path, "unknown field" + way_out(entry.key, schema));
    }
    for (const Field& wanted : schema.fields)
      if (wanted.presence == Presence::kRequired && value.find(wanted.name) == nullptr)
        error(value, path.empty() ? wanted.name : path + "." + wanted.name, "is missing");
  }

  static std::string way_out(const std::string& key, const Field& schema) {
    if (key == "<<") return "; merge keys are not supported, write the fields out";
    std::vector<std::string> names;
    for (const Field& one : schema.fields)
      if (one.type != Type::kIgnored && one.type != Type::kRefused) names.push_back(one.name);
    if (const auto nearest = nearest_word(key, names)) return "; did you mean " + *nearest + "?";
    constexpr std::size_t kListed = 8;
    return names.size() <= kListed ? "; known here: " + joined(names, "and") : "; docs/manifest.md lists the known ones";
  }

  // As the API server refuses a list-map with two items of one key.
  void report_doubled_items(const Yaml& list, const std::string& key, const std::string& path) {
    std::map<std::string_view, int> lines;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Yaml* const value = list.items[i].find(key);
      if (value == nullptr || value->kind != Yaml::Kind::kScalar) continue;
      const auto [first, is_new] = lines.emplace(value->text, value->line);
      if (!is_new)
        error(*value, path + "[" + std::to_string(i) + "]." + key,
              quoted(value->text) + " is given twice; first in line " + std::to_string(first->second));
    }
  }

  void report_doubled_keys(const Yaml& map, const std::string& path) {
    std::map<std::string_view, int> lines;
    for (const auto& entry : map.entries) {
      const auto [first, is_new] = lines.emplace(entry.key, entry.line);
      if (!is_new)
        error(entry.line, path.empty() ? entry.key : path + "." + entry.key,
              "is given twice; first in line " + std::to_string(first->second));
    }
  }

  void texts(const Yaml& value, const Field& schema, const std::string& path) {
    if (value.kind == Yaml::Kind::kNull) return;
    if (value.kind != Yaml::Kind::kMap) return error(value, path, "must be a map of texts, not " + found(value));
    report_doubled_keys(value, path);
    for (const auto& [key, line, column, item] : value.entries) {
      const std::string item_path = path + "." + key;
      if (item.kind != Yaml::Kind::kScalar)
        error(line, item_path, "must be text, not " + found(item));
      else if (const auto type = scalar_type(item);
               type == ScalarType::kBoolean || (type == ScalarType::kNumber && schema.type == Type::kTexts))
        error(item, item_path, "must be text; put it in quotes: " + quoted(item.text));
    }
  }

  void scalar(const Yaml& value, const Field& schema, const std::string& path) {
    if (value.kind == Yaml::Kind::kNull) return error(value, path, "has no value");
    if (auto reason = wrong_type(value, schema)) return error(value, path, std::move(*reason));
    if (schema.rule == nullptr) return;
    if (auto reason = schema.rule(value.text)) error(value, path, std::move(*reason));
  }

  static std::optional<std::string> wrong_type(const Yaml& value, const Field& schema) {
    const bool is_scalar = value.kind == Yaml::Kind::kScalar;
    const auto is = [&](ScalarType type) { return is_scalar && scalar_type(value) == type; };
    switch (schema.type) {
      case Type::kInteger: return wrong_integer(value, schema);
      case Type::kBoolean:
        if (is(ScalarType::kBoolean) && (value.text == "true" || value.text == "false")) return std::nullopt;
        return "must be true or false, not " + found(value);
      case Type::kWord:
        if (is_scalar && std::ranges::find(schema.words, value.text) != schema.words.end()) return std::nullopt;
        return "must be " + joined(schema.words, "or") + ", not " + found(value);
      case Type::kQuantity: {
        if (!is_scalar) return "must be a quantity like 512Mi, not " + found(value);
        const auto quantity = parse_quantity(value.text);
        return quantity ? std::nullopt : std::optional(quantity.error().detail);
      }
      default: break;
    }
    if (is(ScalarType::kText)) return std::nullopt;
    return is_scalar ? "must be text; put it in quotes: " + quoted(value.text) : "must be text, not " + found(value);
  }

  static std::optional<std::string> wrong_integer(const Yaml& value, const Field& schema) {
    if (value.kind != Yaml::Kind::kScalar) return "must be a whole number, not " + found(value);
    const auto number = whole_number(value.text);
    if (number && value.is_quoted) return "must be a whole number, not text; remove the quotes";
    if (number && *number >= schema.min && *number <= schema.max) return std::nullopt;
    if (scalar_type(value) != ScalarType::kNumber) return "must be a whole number, not " + found(value);
    const std::string bounds = schema.max == std::numeric_limits<std::int64_t>::max()
                                   ? "at least " + std::to_string(schema.min)
                                   : std::to_string(schema.min) + " to " + std::to_string(schema.max);
    return "must be a whole number, " + bounds + ", not " + value.text.substr(0, 40);
  }

  Checked checked_;
};

}  // namespace

Checked check(const Yaml& document, const Field& schema) {
  Checker checker;
  checker.field(document, schema, "");
  return checker.take();
}

}  // namespace shardkeeper::manifest
