#include "coordinator/platform/kube/client/fields.h"

#include <boost/json.hpp>

namespace shardkeeper::platform::kube {

const boost::json::value* find(const boost::json::object& object, Path path) {
  const boost::json::object* inside = &object;
  const boost::json::value* found = nullptr;
  for (const std::string_view step : path) {
    if (inside == nullptr) return nullptr;
    found = inside->if_contains(step);
    if (found == nullptr || found->is_null()) return nullptr;
    inside = found->if_object();
  }
  return found;
}

const boost::json::object* find_object(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  return found == nullptr ? nullptr : found->if_object();
}

const boost::json::array* find_array(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  return found == nullptr ? nullptr : found->if_array();
}

std::string text_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  return found == nullptr || !found->is_string() ? std::string() : std::string(found->as_string());
}

std::optional<std::int64_t> number_at(const boost::json::object& object, Path path) {
  const auto* found = find(object, path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  boost::system::error_code not_whole;
  const auto number = found->to_number<std::int64_t>(not_whole);
  if (not_whole) return std::nullopt;
  return number;
}

}  // namespace shardkeeper::platform::kube
