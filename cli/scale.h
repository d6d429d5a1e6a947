// shardkeeper scale: another number of shards; the plan first, then the change, then its progress.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

struct ScaleCommand {
  std::string cluster;
  int shards = 0;
  bool plan = false;     // shows the plan and changes nothing
  bool yes = false;      // asks nobody
  bool no_wait = false;  // ends when the coordinator has been told
};

// kUsage: somebody has to be asked, and nobody is there; kFailed also: the answer was no.
ExitCode run(const ScaleCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
