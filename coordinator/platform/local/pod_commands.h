// The command lines of a pod's containers, the same as in its Kubernetes manifest. Pure but for looking whether programs are there.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/local/options.h"
#include "coordinator/platform/local/pod_record.h"
#include "coordinator/platform/local/process.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace shardkeeper::platform::local {

// "8.0.1" of localhost/valkey:8.0.1. ERRORS kInvalid: the image has no tag.
Result<std::string> tag_of(std::string_view image);

// The server that --server names for the image's tag. ERRORS kInvalid: no tag, or none is named for it (says which are);
// kNotFound: the file is not there; kRefused: it cannot be executed. `detail` says what to do.
Result<std::filesystem::path> find_server(const LocalOptions& options, const std::string& image);

// ERRORS kNotFound, kRefused as above; `what` names the program's part.
Result<void> check_program(const std::filesystem::path& program, const std::string& what);

inline std::filesystem::path volume_of(const std::filesystem::path& pod_folder) { return pod_folder / "volume"; }
inline std::filesystem::path log_of(const std::filesystem::path& pod_folder, const std::string& container) {
  return pod_folder / (container + ".log");
}

// What `prepare` is told of the cluster beside what the pod's record says.
struct ClusterSecrets {
  std::string uid;
  std::string replication_password;
};

Command prepare_command(const LocalOptions& options, const std::filesystem::path& pod_folder, const PodRecord& pod,
                        const ClusterSecrets& cluster);
Command agent_command(const LocalOptions& options, const std::filesystem::path& pod_folder, const PodRecord& pod);
Command server_command(const std::filesystem::path& pod_folder, const std::filesystem::path& server);
// preStop: hands over what the server holds and returns; at the latest when the grace period is nearly over.
Command stop_command(const std::filesystem::path& pod_folder, std::chrono::seconds grace);

}  // namespace shardkeeper::platform::local
