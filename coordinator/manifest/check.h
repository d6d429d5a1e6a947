// Compares a YAML tree with the schema: unknown and doubled fields, wrong types, values out of bounds. Pure.
#pragma once

#include "coordinator/manifest/schema.h"
#include "coordinator/manifest/yaml_tree.h"

#include <string>
#include <vector>

namespace shardkeeper::manifest {

struct FieldError {
  int line = 0;
  std::string field;
  std::string reason;
};

struct Checked {
  std::vector<FieldError> errors;         // in order of lines
  std::vector<std::string> not_honoured;  // fields that are there and that only Kubernetes can honour
};

Checked check(const Yaml& document, const Field& schema);

}  // namespace shardkeeper::manifest
