// shardkeeper takeover: a person's word that a worker is gone for good, or that an old copy is better than none, which lets a waiting coordinator
// go on.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

// One of them is set.
struct TakeoverCommand {
  std::string lost_worker;
  std::string stale_pod;  // whose old copy is better than none
};

ExitCode run(const TakeoverCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
