// JSON as YAML for people: block style, keys in their order, quotes only where YAML would read something else. Pure.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace shardkeeper::crd {

// RETURNS one document without `---`. Any YAML 1.1 or 1.2 reader gets the same values back.
std::string to_yaml(const boost::json::value& value);

}  // namespace shardkeeper::crd
