// Measures start hundreds of processes; none may be left when somebody presses Ctrl-C.
#pragma once

#include <functional>

namespace shardkeeper::bench {

// Runs `work` in a child of this process and waits for it. However the child ends, and also when this process gets SIGINT, SIGTERM or
// SIGHUP, everything that was started below it is killed and its temporary folders are removed.
// RETURNS the child's exit code; 128 + N when signal N ended it. REQUIRES no other thread runs. Throws std::runtime_error without processes or folders.
int supervised(const std::function<int()>& work);

}  // namespace shardkeeper::bench
