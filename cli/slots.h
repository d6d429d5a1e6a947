// shardkeeper slots: who owns what, as a map.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

struct SlotsCommand {
  std::string cluster;  // "": all
};

ExitCode run(const SlotsCommand& command, AdminApi& api, const Output& output);

// What a status says about one cluster's slots.
admin::v1::SlotMap slot_map_of(const admin::v1::ClusterStatus& cluster);

}  // namespace shardkeeper::cli
