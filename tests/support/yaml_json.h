// YAML as the values that Kubernetes sees in it.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace shardkeeper::test {

// The documents of `text`, empty ones left out. Plain scalars that are JSON (numbers, true, false, null) are that, everything else is text.
// Throws YAML::Exception when it is not YAML.
std::vector<boost::json::value> yaml_documents(const std::string& text);

}  // namespace shardkeeper::test
