// shardkeeper status: the tree, once or for as long as somebody looks.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

struct StatusCommand {
  std::string cluster;     // "": all
  bool watch = false;      // follow changes until interrupted
  bool exit_code = false;  // kNotReady unless every shown cluster is Ready
};

// A watch on a terminal draws in place; elsewhere it writes one tree (JSON: one line, YAML: one document) a change.
ExitCode run(const StatusCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
