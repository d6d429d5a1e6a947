// A whole Shardkeeper on this machine: the real coordinator program, its pods, and ways to hurt them.
#pragma once

#include "common/rpc/admin_client.h"
#include "tests/support/child_process.h"
#include "tests/support/sync_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_binaries.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct LocalClusterOptions {
  ValkeyLine line = ValkeyLine::k8;
  int shards = 3;
  int replicas_per_shard = 1;
  std::string more_spec;  // further lines of `spec`, indented by two spaces
  std::string workers = "worker-1,worker-2,worker-3";
  bool takes_debug = false;              // servers take DEBUG commands, from debug_client()
  std::vector<std::string> environment;  // NAME=value, for the coordinator and everything below it
};

// The coordinator program that was built with this one.
std::filesystem::path coordinator_program();

// A pod as the state folder describes it, with the processes that run now (0: none).
struct PodProcesses {
  std::string name;
  std::string ip;
  std::string worker;
  pid_t agent = 0;
  pid_t server = 0;  // `launch` while the gate is shut
  std::filesystem::path volume;
};

// Everything below it is killed on destruction. THREAD one.
class LocalCluster {
 public:
  explicit LocalCluster(LocalClusterOptions options);
  ~LocalCluster();

  void write_manifest(const LocalClusterOptions& options);
  void write_manifest_text(const std::string& text);
  void remove_manifest();

  void start_coordinator();       // a second call starts a second one
  void kill_coordinator();        // SIGKILL, the newest
  ExitStatus stop_coordinator();  // SIGTERM, the newest
  ChildProcess& coordinator() { return coordinators_.back(); }

  std::optional<admin::v1::ClusterStatus> status();
  std::string status_text();  // for messages of failed expectations
  std::vector<admin::v1::Event> events();
  bool has_event(const std::string& reason);
  rpc::AdminClient& admin() { return admin_; }

  using Condition = std::function<bool(const admin::v1::ClusterStatus&)>;
  bool wait_for(const Condition& condition, std::chrono::milliseconds deadline = std::chrono::seconds(40));
  // Ready with as many pods as the manifest says, each in its shard.
  bool wait_ready(std::chrono::milliseconds deadline = std::chrono::seconds(40));

  std::vector<PodProcesses> pods();
  PodProcesses pod(const std::string& name);
  // Pod names of a shard; the primary first.
  std::vector<std::string> members(int shard);
  std::string primary(int shard) { return members(shard).at(0); }

  // As any client (default user).
  SyncClient client(const std::string& pod);
  // As the agent's own user, over the pod's socket.
  SyncClient admin_client(const std::string& pod);
  // REQUIRES takes_debug. As a user who may do everything.
  SyncClient debug_client(const std::string& pod);
  // Keys spread over all slots; returns once every replica has them.
  void load(int keys);
  // How many of the keys of load() can be read now, following redirections.
  int readable(int keys);

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path manifest() const { return folder_ / "cluster.yaml"; }

 private:
  std::filesystem::path server_program(ValkeyLine line) const;

  ProcessTree tree_;  // first: the last to go
  TempDir folder_;
  LocalClusterOptions options_;
  rpc::AdminClient admin_;
  std::vector<ChildProcess> coordinators_;
};

}  // namespace shardkeeper::test
