// What the last pass knew, as the message that CLI and demo draw. Pure.
#pragma once

#include "coordinator/model/decision.h"
#include "coordinator/model/snapshot.h"

#include "shardkeeper/admin/v1/admin.pb.h"

namespace shardkeeper::admin_service {

// A cluster is ready when every pod asked for is Ready and in the cluster, and every slot is served. The reason is that of the
// worst finding, or of what is still missing.
admin::v1::ClusterStatus cluster_status(const model::Snapshot& snapshot, const model::Decision& decision);

}  // namespace shardkeeper::admin_service
