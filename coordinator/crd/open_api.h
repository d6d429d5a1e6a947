// A row of the table of fields as a structural OpenAPI schema, the language of a CustomResourceDefinition. Pure.
#pragma once

#include "coordinator/manifest/schema.h"

#include <boost/json/object.hpp>

namespace shardkeeper::crd {

// RETURNS the schema of `field` with those below it. Fields that Kubernetes writes (kIgnored) are left out; refused ones are there and take
// no value, because what a schema does not name is dropped silently.
boost::json::object open_api(const manifest::Field& field);

}  // namespace shardkeeper::crd
