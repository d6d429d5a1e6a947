// `shardkeeper-coordinator demo`: a whole cluster in a folder of its own, a live picture, and nothing left behind.
#pragma once

#include "coordinator/options.h"

namespace shardkeeper::coordinator {

// RETURNS the exit code: 0 ended as asked; 1 Ready was not reached within 60 s, or keys could not be written and read (with --once).
int run_demo(DemoOptions options);

}  // namespace shardkeeper::coordinator
