// shardkeeper version: this program's, and the coordinator's where one runs.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

namespace shardkeeper::cli {

struct VersionCommand {};

// kOk also without a coordinator: this program's version is the answer then.
ExitCode run(const VersionCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
