// Reading objects of the API server: what is absent or of another type reads as "not there", never as an error.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

using Path = std::initializer_list<std::string_view>;

// find(pod, {"status", "podIP"}); null when a step is absent or no object, or the value is null. The pointer lives as long as `object`.
const boost::json::value* find(const boost::json::object& object, Path path);
const boost::json::object* find_object(const boost::json::object& object, Path path);
const boost::json::array* find_array(const boost::json::object& object, Path path);

std::string text_at(const boost::json::object& object, Path path);  // "" when there is none
std::optional<std::int64_t> number_at(const boost::json::object& object, Path path);

}  // namespace shardkeeper::platform::kube
