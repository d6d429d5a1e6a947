// From a checked YAML tree to the model. Pure.
#pragma once

#include "coordinator/manifest/check.h"
#include "coordinator/manifest/yaml_tree.h"
#include "coordinator/model/spec.h"

#include <vector>

namespace shardkeeper::manifest {

struct ReadObject {
  model::ClusterObject object;
  std::vector<FieldError> errors;  // what the schema cannot say: refused settings, values that contradict each other
};

// REQUIRES check(document, manifest_schema()) found no error.
ReadObject read_object(const Yaml& document);

}  // namespace shardkeeper::manifest
