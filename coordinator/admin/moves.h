// Slots that move or would move, as the messages that the CLI draws. Pure.
#pragma once

#include "coordinator/plan/slots/preview.h"

#include "shardkeeper/admin/v1/admin.pb.h"

namespace shardkeeper::admin_service {

// `refusal` is left empty. REQUIRES shards > 0.
admin::v1::ScalePlan scale_plan(const model::Snapshot& snapshot, const model::History& history, int shards);

// Why the cluster cannot have the plan's number of shards although a manifest may say it; empty: it can. Fewer shards than now
// must have room for everything; where more shards do not help one of the others, that one is no worse off than before.
std::string refusal_of(const admin::v1::ScalePlan& plan);

admin::v1::Migration migration(const model::Snapshot& snapshot, const model::History& history);

}  // namespace shardkeeper::admin_service
