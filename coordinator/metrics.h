// What the coordinator tells Prometheus about clusters and about itself. Pure.
#pragma once

#include "common/types/epoch.h"
#include "coordinator/pass_times.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::coordinator {

std::string metrics_text(bool is_leading, FenceToken token, const admin::v1::Status& status, const PassTimes& passes);

}  // namespace shardkeeper::coordinator
