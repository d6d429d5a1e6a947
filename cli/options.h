// The command line.
#pragma once

#include "cli/events.h"
#include "cli/output.h"
#include "cli/rebalance.h"
#include "cli/scale.h"
#include "cli/slots.h"
#include "cli/status.h"
#include "cli/takeover.h"
#include "cli/version.h"
#include "cli/worker.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <variant>

namespace shardkeeper::cli {

using Command = std::variant<StatusCommand, EventsCommand, ScaleCommand, RebalanceCommand, SlotsCommand, WorkerListCommand, CordonCommand,
                             UncordonCommand, LoseCommand, TakeoverCommand, VersionCommand>;

struct Options {
  std::filesystem::path socket;
  std::chrono::milliseconds deadline{5000};
  Format format = Format::kText;
  Command command;
};

// What there is to do; or, when everything is said already (--help, a wrong command line), the exit code.
using Parsed = std::variant<Options, ExitCode>;

// Writes help to `out` and usage errors to `err`.
Parsed parse_command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace shardkeeper::cli
