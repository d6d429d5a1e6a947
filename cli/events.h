// shardkeeper events: what was done, and why.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <cstdint>
#include <string>

namespace shardkeeper::cli {

struct EventsCommand {
  std::string cluster;  // "": all
  std::uint32_t limit = 100;
};

ExitCode run(const EventsCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
