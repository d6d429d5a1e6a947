// Clusters to draw.
#pragma once

#include "shardkeeper/admin/v1/admin.pb.h"

namespace shardkeeper::cli {

inline constexpr std::int64_t kNow = 1'795'341'600'000;  // 2026-11-22 10:00:00 UTC

admin::v1::Status healthy();        // 3×1, all Ready
admin::v1::Status being_created();  // one shard synced, one syncing, one gated; a pod without a shard
admin::v1::Status in_trouble();     // a lost shard, a hung replica, findings of all families, steps under way
admin::v1::Status two_clusters();   // healthy, and one of a single shard
admin::v1::Status scaling();        // healthy, and a fourth shard gets its first slots
admin::v1::ScalePlan scale_plan();  // 3 → 4 shards
admin::v1::ScalePlan no_room();     // 3 → 1 shard, refused
admin::v1::Events events();
admin::v1::Workers workers();

}  // namespace shardkeeper::cli
