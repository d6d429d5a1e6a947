// Rules in CEL, for the messages that OpenAPI's keywords cannot give. API servers before 1.25 do not know them, so none of them may be
// the only guard: what they refuse is refused by the schema, too, or by the coordinator. Pure.
#pragma once

#include "coordinator/manifest/schema.h"

#include <boost/json/array.hpp>

namespace shardkeeper::crd {

// Fields without a type of their own (kRefused) get none: servers refuse a CRD with a rule on such a field.
// RETURNS the value of x-kubernetes-validations for `field`; empty: no rules. Only what every server from 1.25 on takes: rule and message.
boost::json::array cel_rules(const manifest::Field& field);

}  // namespace shardkeeper::crd
