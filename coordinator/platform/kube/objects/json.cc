#include "coordinator/platform/kube/objects/json.h"

namespace shardkeeper::platform::kube::json {

namespace {

const boost::json::array kEmptyList;

}  // namespace

const boost::json::value* find(const boost::json::object& object, Path path) {
  const boost::json::object* here = &object;
  const boost::json::value* found = nullptr;
  for (const auto key : path) {
    if (here == nullptr) return nullptr;
    found = here->if_contains(key);
    if (found == nullptr) return nullptr;
    here = found->if_object();
  }
  return found;
}

const boost::json::object* object_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  return found == nullptr ? nullptr : found->if_object();
}

const boost::json::array& list_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  const auto* list = found == nullptr ? nullptr : found->if_array();
  return list == nullptr ? kEmptyList : *list;
}

std::string text_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::int64_t number_at(const boost::json::object& object, Path path, std::int64_t otherwise) {
  const auto* found = find(object, path);
  if (found == nullptr) return otherwise;
  if (const auto* number = found->if_int64()) return *number;
  if (const auto* number = found->if_uint64()) return static_cast<std::int64_t>(*number);
  return otherwise;
}

bool is_true_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  const auto* flag = found == nullptr ? nullptr : found->if_bool();
  return flag != nullptr && *flag;
}

std::map<std::string, std::string> texts_at(const boost::json::object& object, Path path) {
  std::map<std::string, std::string> texts;
  if (const auto* members = object_at(object, path))
    for (const auto& member : *members)
      if (const auto* text = member.value().if_string()) texts.emplace(member.key(), *text);
  return texts;
}

const boost::json::object* element(const boost::json::array& list, std::string_view key, std::string_view value) {
  for (const auto& one : list) {
    const auto* object = one.if_object();
    if (object != nullptr && text_at(*object, {key}) == value) return object;
  }
  return nullptr;
}

boost::json::object from_texts(const std::map<std::string, std::string>& texts) {
  boost::json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

}  // namespace shardkeeper::platform::kube::json
