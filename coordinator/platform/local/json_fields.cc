#include "coordinator/platform/local/json_fields.h"

namespace shardkeeper::platform::local {
namespace json = boost::json;

namespace {

const json::value kNothing;

std::string to_text(const json::value& value) {
  const auto& text = value.as_string();
  return {text.data(), text.size()};
}

}  // namespace

Result<json::object> parse_object(const std::string& where, std::string_view text) {
  json::error_code failed;
  json::parse_options options;
  options.max_depth = 8;
  auto value = json::parse(json::string_view(text.data(), text.size()), failed, {}, options);
  if (failed) return invalid(where, text.empty() ? "the file is empty" : "no JSON: " + failed.message());
  if (!value.is_object()) return invalid(where, "not a JSON object");
  return std::move(value.as_object());
}

std::string Fields::text(const char* name) {
  const auto& value = required(name);
  if (value.is_string()) return to_text(value);
  fault(name, "must be a text");
  return {};
}

std::optional<std::string> Fields::optional_text(const char* name) {
  if (find(name) == nullptr) return std::nullopt;
  return text(name);
}

std::int64_t Fields::number(const char* name, std::int64_t min, std::int64_t max) {
  json::error_code failed;
  const auto value = required(name).to_number<std::int64_t>(failed);
  if (!failed && value >= min && value <= max) return value;
  fault(name, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
  return min;
}

std::optional<std::uint64_t> Fields::optional_count(const char* name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  json::error_code failed;
  const auto count = value->to_number<std::uint64_t>(failed);
  if (failed) fault(name, "must be a count");
  return count;
}

bool Fields::flag(const char* name) {
  const auto& value = required(name);
  if (value.is_bool()) return value.as_bool();
  fault(name, "must be true or false");
  return false;
}

std::map<std::string, std::string> Fields::texts(const char* name) {
  std::map<std::string, std::string> result;
  const auto& value = required(name);
  if (!value.is_object()) fault(name, "must be an object of texts");
  if (failed()) return result;
  for (const auto& [key, text] : value.as_object()) {
    if (!text.is_string()) fault(name, "must be an object of texts");
    if (failed()) return {};
    result.emplace(std::string(key), to_text(text));
  }
  return result;
}

std::map<std::string, bool> Fields::flags(const char* name) {
  std::map<std::string, bool> result;
  const auto& value = required(name);
  if (!value.is_object()) fault(name, "must be an object of true and false");
  if (failed()) return result;
  for (const auto& [key, flag] : value.as_object()) {
    if (!flag.is_bool()) fault(name, "must be an object of true and false");
    if (failed()) return {};
    result.emplace(std::string(key), flag.as_bool());
  }
  return result;
}

void Fields::each(const char* name, const std::function<void(Fields&)>& read) {
  const auto& value = required(name);
  if (!value.is_array()) fault(name, "must be a list");
  if (failed()) return;
  for (const auto& entry : value.as_array()) read_nested(name, entry, read);
}

void Fields::optional_object(const char* name, const std::function<void(Fields&)>& read) {
  if (const auto* value = find(name)) read_nested(name, *value, read);
}

Result<void> Fields::result() const {
  if (fault_) return invalid(where_, *fault_);
  return {};
}

const json::value* Fields::find(const char* name) const { return fault_ ? nullptr : object_.if_contains(name); }

const json::value& Fields::required(const char* name) {
  if (const auto* value = find(name)) return *value;
  fault(name, "is missing");
  return kNothing;
}

void Fields::fault(const char* name, const std::string& expected) {
  if (!fault_) fault_ = std::string(name) + ": " + expected;
}

void Fields::read_nested(const char* name, const json::value& value, const std::function<void(Fields&)>& read) {
  if (!value.is_object()) fault(name, "must hold objects");
  if (failed()) return;
  Fields nested(where_, value.as_object());
  read(nested);
  if (nested.failed()) fault(name, *nested.fault_);
}

}  // namespace shardkeeper::platform::local
