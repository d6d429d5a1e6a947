// The CustomResourceDefinition of ValkeyCluster as a whole. Pure.
#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace shardkeeper::crd {

enum class CelRules { kWith, kWithout };  // API servers before 1.25 refuse a CRD that has them

boost::json::object custom_resource_definition(CelRules cel);

// As YAML, with a word on where it comes from.
std::string crd_file(CelRules cel);

}  // namespace shardkeeper::crd
