// The command line of `shardkeeper-agent prepare`.
#pragma once

#include "agent/prepare/prepare.h"

#include <CLI/App.hpp>

namespace shardkeeper::agent {

// Adds options to `command` that write into `options`, which must outlive the parsing. What is secret or differs from pod to pod can be
// given by environment, too; --help says how.
void add_prepare_flags(CLI::App& command, PrepareOptions& options);

}  // namespace shardkeeper::agent
