// What a rule of the table of fields is in the words of OpenAPI, as far as those can say it. Pure.
#pragma once

#include "coordinator/manifest/schema.h"

#include <boost/json/object.hpp>

#include <string_view>

namespace shardkeeper::crd {

// RETURNS the keywords for a value that `rule` judges: pattern, minLength, maxLength, not.
// REQUIRES `rule` is known here: a new rule of coordinator/manifest/rules.h needs its line (the test of the CRD ends otherwise).
boost::json::object rule_schema(manifest::Rule rule);

// What parse_quantity takes, apart from its upper bound.
inline constexpr std::string_view kQuantityPattern = R"(^\+?([0-9]+\.?[0-9]*|\.[0-9]+)(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|[eE][-+]?[0-9]{1,2})?$)";

}  // namespace shardkeeper::crd
