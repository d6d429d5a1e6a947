// Kubernetes quantities: "512Mi", "1.5Gi", "1e9", "100m".
#pragma once

#include "common/error/result.h"

#include <cstdint>
#include <string_view>

namespace shardkeeper::manifest {

// RETURNS thousandths, rounded up, so that "100m" (a tenth of a CPU core) is exact: 1 -> 1000.
// ERRORS kInvalid: not a quantity, negative, or more than kQuantityMax.
Result<std::uint64_t> parse_quantity_milli(std::string_view text);

// RETURNS whole units (bytes for memory), rounded up. ERRORS as above.
Result<std::uint64_t> parse_quantity(std::string_view text);

inline constexpr std::uint64_t kQuantityMax = std::uint64_t{1} << 50;  // 1 PiB: more is a typing error

}  // namespace shardkeeper::manifest
