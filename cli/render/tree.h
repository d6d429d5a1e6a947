// The status tree: cluster, shards, pods, and below it what is found and what is under way.
#pragma once

#include "cli/render/look.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::cli::render {

// All clusters, separated by an empty line; ends with a line break.
std::string draw_status(const admin::v1::Status& status, const Look& look);

// One cluster.
std::string draw_cluster(const admin::v1::ClusterStatus& cluster, const Look& look);

}  // namespace shardkeeper::cli::render
