// By which engine slots move, and how fast. Pure.
#pragma once

#include "common/node/migration.h"
#include "common/types/server_version.h"
#include "coordinator/model/spec.h"

#include <optional>

namespace shardkeeper::plan {

// CLUSTER MIGRATESLOTS exists from 9.0 on. Before 9.1.2 it loses jobs under writes (facts §2.5), so that only an explicit wish chooses it.
inline constexpr ServerVersion kAtomicExists{9, 0, 0};
inline constexpr ServerVersion kAtomicTrusted{9, 1, 2};

// RETURNS the engine for the next attempt between servers of these versions (none: unknown, taken as old), after `attempts` failures in a
// row: from the third attempt on the other engine, where both ends have it and the spec does not ask for `keys`.
MigrationEngine engine_for(model::MigrationEngine wish, const std::optional<ServerVersion>& from, const std::optional<ServerVersion>& to,
                           int attempts);

// RETURNS the rate of one job, bytes a second, when `jobs` share spec.migration.maxBytesPerSecond; 0: no limit. REQUIRES jobs > 0.
std::uint64_t rate_of_job(const model::MigrationSpec& spec, int jobs);

}  // namespace shardkeeper::plan
