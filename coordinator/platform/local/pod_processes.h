// Finding the processes of a pod without having started them: what was started and not written down, and what a server forked.
#pragma once

#include "coordinator/platform/local/options.h"
#include "coordinator/platform/local/pod_record.h"
#include "coordinator/platform/local/process_id.h"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

struct FoundProcess {
  ProcessId id;
  pid_t session = 0;
};

// Every program of a pod gets this variable; its value is the pod's folder. A running server overwrites its own environment.
inline constexpr const char* kFolderVariable = "SHARDKEEPER_POD_FOLDER";

// A living process and the folder it works in.
struct WorkingProcess {
  pid_t pid = 0;
  std::string folder;
};

// All of this machine that may be looked at. A look at /proc takes about 10 us for each, so for many pods take one look.
std::vector<WorkingProcess> working_processes();

// Those of `candidates` whose working folder is the pod's or lies below it, as everything begins that we start, and which are ours: they carry the
// variable, or belong to the session of a container's last instance, or execute one of the servers, or lead a session and execute the agent or
// something of the pod's volume (a program that begins has its file before it has its environment). A person's shell in the folder is not.
std::vector<FoundProcess> processes_of(const LocalOptions& options, const std::filesystem::path& folder, const PodRecord& record,
                                       const std::vector<WorkingProcess>& candidates = working_processes());

// Whether the record names the process, or the one that forked it.
bool is_recorded(const FoundProcess& found, const PodRecord& record);

}  // namespace shardkeeper::platform::local
