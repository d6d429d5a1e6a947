// Objects as the API server sends them, for tests.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string_view>

namespace shardkeeper::test {

inline boost::json::object object_of(std::string_view text) { return boost::json::parse(text).as_object(); }

}  // namespace shardkeeper::test
