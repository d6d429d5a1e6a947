// The command line of `shardkeeper-agent run`.
#pragma once

#include "agent/agent.h"
#include "common/log/log.h"

#include <CLI/App.hpp>

namespace shardkeeper::agent {

// Adds options to `command` that write into `options` and `log`, which must outlive the parsing.
void add_run_flags(CLI::App& command, AgentOptions& options, log::Options& log);

}  // namespace shardkeeper::agent
