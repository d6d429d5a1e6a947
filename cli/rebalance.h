// shardkeeper rebalance: what is still to move towards equal shares. The coordinator balances by itself; this shows it.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

struct RebalanceCommand {
  std::string cluster;  // "": the only one
  bool plan = false;    // shows what is left and does not follow it
};

ExitCode run(const RebalanceCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
