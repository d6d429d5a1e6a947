// Which process it is, told apart from a later one with the same number.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace shardkeeper::platform::local {

struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat: clock ticks from boot to its start
  std::string boot;               // of the machine: ticks begin anew with each

  bool operator==(const ProcessId&) const = default;
};

// "1234.5678901": good as a container's id within one boot.
std::string to_string(const ProcessId& id);

// The living process of that number; none: there is none, or only its zombie is left.
std::optional<ProcessId> identify(pid_t pid);

// The session it belongs to; 0: it is gone.
pid_t session_of(const ProcessId& id);

// SIGKILL to exactly that process; nothing when it is gone or its number belongs to another.
void kill_exactly(const ProcessId& id);

}  // namespace shardkeeper::platform::local
