#include "coordinator/plan/slots/engine.h"

#include <algorithm>

namespace shardkeeper::plan {

MigrationEngine engine_for(model::MigrationEngine wish, const std::optional<ServerVersion>& from, const std::optional<ServerVersion>& to,
                           int attempts) {
  constexpr int kOtherEngineAfter = 2;
  const ServerVersion oldest = std::min(from.value_or(ServerVersion{}), to.value_or(ServerVersion{}));
  const bool atomic = (wish == model::MigrationEngine::kAtomic && oldest >= kAtomicExists) ||
                      (wish == model::MigrationEngine::kAuto && oldest >= kAtomicTrusted);
  // Wherever keys comes first, atomic is not possible or not trusted: the other way round there is no other engine.
  return atomic && attempts < kOtherEngineAfter ? MigrationEngine::kAtomic : MigrationEngine::kKeys;
}

std::uint64_t rate_of_job(const model::MigrationSpec& spec, int jobs) {
  if (!spec.max_bytes_per_second) return 0;
  return std::max<std::uint64_t>(*spec.max_bytes_per_second / static_cast<std::uint64_t>(jobs), 1);
}

}  // namespace shardkeeper::plan
