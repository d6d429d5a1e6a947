// Watches slots move until all are where the spec wants them.
#pragma once

#include "cli/admin_api.h"
#include "cli/move_tracker.h"
#include "cli/output.h"

#include <optional>
#include <string>

namespace shardkeeper::cli {

struct Followed {
  std::string cluster;
  std::optional<int> shards;  // done is only what a spec with so many shards calls done
  Expected expected;          // by the plan
};

// Text: on a terminal a bar drawn in place, elsewhere a line whenever 5 % more are done; JSON, YAML: nothing. Ends when
// everything is done (kOk), or when somebody ends the watch: then it says that the coordinator goes on, and that is kOk, too.
ExitCode follow_moves(const Followed& followed, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
