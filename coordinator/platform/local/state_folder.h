// The state folder: where each thing lies, and how files in it are read and written. Nothing here knows what they mean.
//   lease  admin.sock  workers.json  spawning
//   clusters/CLUSTER/  cluster.json ca.crt ca.key
//   pods/POD/          pod.json prepare.log agent.log valkey.log volume/
//   pods/.new-POD      a pod whose files are being made
//   pods/.gone-POD-…   removed pods whose files are being deleted
#pragma once

#include "common/error/result.h"
#include "common/types/names.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::platform::local {

class StateFolder {
 public:
  // Makes the folders where they are missing (mode 0700: keys and passwords lie below). Deletes what half-made and removed pods left.
  // ERRORS kUnavailable: cannot be made or written; kInvalid: the path is too long for the unix sockets below it.
  static Result<StateFolder> open(const std::filesystem::path& root);

  // ERRORS kInvalid unless pods of this cluster (its name, a dash and five characters) can be folders and their sockets' paths
  // fit into the 107 bytes that the kernel takes.
  Result<void> check_cluster_name(const ClusterName& cluster) const;
  // ERRORS kInvalid, as above for a single pod's name.
  Result<void> check_pod_name(const PodName& pod) const;

  std::filesystem::path lease() const { return root_ / "lease"; }
  std::filesystem::path admin_socket() const { return root_ / "admin.sock"; }
  std::filesystem::path workers_file() const { return root_ / "workers.json"; }
  std::filesystem::path spawning() const { return root_ / "spawning"; }  // see spawn_guard.h
  std::filesystem::path clusters() const { return root_ / "clusters"; }
  std::filesystem::path cluster(const ClusterName& cluster) const { return clusters() / cluster.value; }
  std::filesystem::path pods() const { return root_ / "pods"; }
  std::filesystem::path pod(const PodName& pod) const { return pods() / pod.value; }
  // Where a pod's folder is made before it is moved to its place, so that a crash never leaves half a pod.
  std::filesystem::path in_making(const PodName& pod) const { return pods() / (".new-" + pod.value); }
  // Where a pod's folder is moved before it is deleted file by file, for the same reason.
  std::filesystem::path gone(const PodName& pod, const PodUid& uid) const { return pods() / (".gone-" + pod.value + "-" + uid.value); }

  // Names of the folders below pods(), sorted, without half-made and removed ones.
  std::vector<PodName> pod_names() const;

 private:
  explicit StateFolder(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path root_;
};

// Whether `name` may be a folder's: 1..63 of a-z 0-9 -, first and last no dash.
bool is_dns_label(std::string_view name);

// Mode 0700; parents too. ERRORS kUnavailable: names the folder and the system's reason.
Result<void> make_folder(const std::filesystem::path& folder);
// Replaces the file in one step (mode 0600). Not fsynced: what is written here is about processes and addresses of this boot of the
// machine, and after a power failure none of them is left. ERRORS kUnavailable.
Result<void> write_file(const std::filesystem::path& file, std::string_view text);
// ERRORS kNotFound; kInvalid: longer than 1 MiB; kUnavailable.
Result<std::string> read_file(const std::filesystem::path& file);

}  // namespace shardkeeper::platform::local
