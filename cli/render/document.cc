#include "cli/render/document.h"

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/null.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace shardkeeper::cli::render {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace json = boost::json;

// The value of a field, or of one element of it: `get` picks Reflection's function for the one or the other.
template <typename Get>
json::value value_of(const FieldDescriptor& field, const Get& get) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get(&google::protobuf::Reflection::GetInt32, &google::protobuf::Reflection::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return get(&google::protobuf::Reflection::GetInt64, &google::protobuf::Reflection::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get(&google::protobuf::Reflection::GetUInt32, &google::protobuf::Reflection::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get(&google::protobuf::Reflection::GetUInt64, &google::protobuf::Reflection::GetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get(&google::protobuf::Reflection::GetDouble, &google::protobuf::Reflection::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get(&google::protobuf::Reflection::GetFloat, &google::protobuf::Reflection::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_BOOL: return get(&google::protobuf::Reflection::GetBool, &google::protobuf::Reflection::GetRepeatedBool);
    case FieldDescriptor::CPPTYPE_STRING:
      return get(&google::protobuf::Reflection::GetString, &google::protobuf::Reflection::GetRepeatedString);
    default: return nullptr;
  }
}

json::value single(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return structure_of(reflection.GetMessage(message, &field));
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return json::value(reflection.GetEnum(message, &field)->name());
  return value_of(field, [&](auto one, auto) { return json::value((reflection.*one)(message, &field)); });
}

json::value element(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return structure_of(reflection.GetRepeatedMessage(message, &field, index));
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return json::value(reflection.GetRepeatedEnum(message, &field, index)->name());
  return value_of(field, [&](auto, auto repeated) { return json::value((reflection.*repeated)(message, &field, index)); });
}

void write_json(const json::value& value, const std::string& indent, std::string& out) {
  const std::string deeper = indent + "  ";
  std::string_view separator = "\n";
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const auto& [key, item] : *object) {
      out += std::string(separator) + deeper + json::serialize(key) + ": ";
      write_json(item, deeper, out);
      separator = ",\n";
    }
    out += "\n" + indent + "}";
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (const auto& item : *array) {
      out += std::string(separator) + deeper;
      write_json(item, deeper, out);
      separator = ",\n";
    }
    out += "\n" + indent + "]";
  } else {
    out += json::serialize(value);
  }
}

// Whether a text without quotes would be read as something else, or not at all. The emitter itself does not see that "8.0" is
// a number and "no" a boolean to many readers.
bool needs_quotes(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/'; };
  if (text.empty() || !is_letter(text.front()) || !std::ranges::all_of(text, is_plain)) return true;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::ranges::find(kWords, lower) != kWords.end();
}

void emit(const json::value& value, YAML::Emitter& out) {
  if (const auto* object = value.if_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : *object) {
      out << YAML::Key << std::string(key) << YAML::Value;
      emit(item, out);
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    // An empty list has no lines of its own to stand in.
    if (array->empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : *array) emit(item, out);
    out << YAML::EndSeq;
  } else if (const auto* text = value.if_string()) {
    if (needs_quotes(*text)) out << YAML::DoubleQuoted;
    out << std::string(*text);
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << json::serialize(value);
  }
}

}  // namespace

json::value structure_of(const Message& message) {
  json::object object;
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) {
      json::array items;
      for (int j = 0; j < message.GetReflection()->FieldSize(message, &field); ++j) items.push_back(element(message, field, j));
      object[field.json_name()] = std::move(items);
    } else if (!field.has_presence() || message.GetReflection()->HasField(message, &field)) {
      object[field.json_name()] = single(message, field);
    }
  }
  return object;
}

std::string json_text(const json::value& value) {
  std::string text;
  write_json(value, "", text);
  return text + "\n";
}

std::string json_line_text(const json::value& value) { return json::serialize(value) + "\n"; }

std::string yaml_text(const json::value& value) {
  YAML::Emitter out;
  emit(value, out);
  return "---\n" + std::string(out.c_str()) + "\n";
}

}  // namespace shardkeeper::cli::render
