// Reading objects of the API server: everything may be absent or of another type than expected, and nothing throws.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube::json {

using Path = std::initializer_list<std::string_view>;

// What stands at the end of `path`; null when any part of it is absent or no object.
const boost::json::value* find(const boost::json::object& object, Path path);
const boost::json::object* object_at(const boost::json::object& object, Path path);

// Never absent: an empty list, text or map instead.
const boost::json::array& list_at(const boost::json::object& object, Path path);
std::string text_at(const boost::json::object& object, Path path);
std::int64_t number_at(const boost::json::object& object, Path path, std::int64_t otherwise = 0);
bool is_true_at(const boost::json::object& object, Path path);
std::map<std::string, std::string> texts_at(const boost::json::object& object, Path path);

// The element of a list of objects whose `key` is `value`; null when there is none.
const boost::json::object* element(const boost::json::array& list, std::string_view key, std::string_view value);

boost::json::object from_texts(const std::map<std::string, std::string>& texts);

}  // namespace shardkeeper::platform::kube::json
