// shardkeeper worker: list, cordon, uncordon and, on the local platform, lose workers.
#pragma once

#include "cli/admin_api.h"
#include "cli/output.h"

#include <string>

namespace shardkeeper::cli {

struct WorkerListCommand {};
struct CordonCommand {
  std::string worker;
};
struct UncordonCommand {
  std::string worker;
};
struct LoseCommand {
  std::string worker;
  admin::v1::LoseWorkerRequest::Mode mode = admin::v1::LoseWorkerRequest::KILL;
};

ExitCode run(const WorkerListCommand& command, AdminApi& api, const Output& output);
ExitCode run(const CordonCommand& command, AdminApi& api, const Output& output);
ExitCode run(const UncordonCommand& command, AdminApi& api, const Output& output);
ExitCode run(const LoseCommand& command, AdminApi& api, const Output& output);

}  // namespace shardkeeper::cli
