// Two shards of real pods for moving slots between them.
#pragma once

#include "common/node/migration.h"
#include "tests/support/sync_client.h"
#include "tests/valkey/agent_pod.h"

#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct PodPairOptions {
  ValkeyLine source = ValkeyLine::k8;
  ValkeyLine target = ValkeyLine::k8;
  int replicas = 0;  // of each shard
  bool tls = false;
};

// The source owns all slots but the last, which the target owns. THREAD the world's loop.
class PodPair {
 public:
  // Throws std::runtime_error when the cluster does not get ready.
  PodPair(PodWorld& world, const PodPairOptions& options);

  AgentPod& source() { return *pods_[0]; }
  AgentPod& target() { return *pods_[1]; }
  const std::vector<std::unique_ptr<AgentPod>>& pods() const { return pods_; }

  MigrationJob job(const SlotSet& slots, MigrationEngine engine, const std::string& id = "m-1-1");
  // Until the job has ended, 300 s at most. Throws std::runtime_error when it does not start or end.
  MigrationProgress run(const MigrationJob& job);
  MigrationProgress wait_for(const std::string& id);

  // As the default user, over the unix socket. Throws std::runtime_error.
  static SyncClient connect(AgentPod& pod);

 private:
  void expect(const std::string& what, const std::function<bool()>& condition);
  void order(AgentPod& pod, const command::Command& command);
  void form();
  std::filesystem::path servers_certificate();  // made when first asked for

  PodWorld& world_;
  std::vector<std::unique_ptr<AgentPod>> pods_;
};

}  // namespace shardkeeper::test
