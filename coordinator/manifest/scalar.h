// What an unquoted YAML scalar is to `kubectl apply`. A manifest must mean the same here and there.
#pragma once

#include "coordinator/manifest/yaml_tree.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace shardkeeper::manifest {

enum class ScalarType { kText, kNumber, kBoolean };

// REQUIRES value is a scalar. Quoted is always text; yes, no, on and off are booleans to YAML 1.1, which kubectl reads.
ScalarType scalar_type(const Yaml& value);

// A whole decimal number as 3 or -1; none for 3.0, 0x3, 1_000 and what does not fit.
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace shardkeeper::manifest
