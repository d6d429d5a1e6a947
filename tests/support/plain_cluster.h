// A cluster of plain servers made by valkey-cli: what people have without us. For tests of the tests, and for the benchmarks' peers.
#pragma once

#include "common/types/endpoint.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct PlainClusterOptions {
  ValkeyLine line = ValkeyLine::k8;
  int shards = 3;
  int replicas_per_shard = 1;
  std::vector<std::pair<std::string, std::string>> settings;  // of every server
};

class PlainCluster {
 public:
  // Starts the servers only. Throws std::runtime_error when one does not start.
  explicit PlainCluster(PlainClusterOptions options);

  // `valkey-cli --cluster create`, the whole of it. RETURNS how long it took. Throws std::runtime_error with its output when it fails.
  std::chrono::milliseconds create();
  // Waits until every node says cluster_state:ok, knows all others and every replica is in sync. RETURNS false after `deadline`.
  bool wait_until_ready(std::chrono::milliseconds deadline = std::chrono::seconds(30));

  std::vector<Endpoint> endpoints() const;
  ValkeyProcess& server(std::size_t index) { return *servers_.at(index); }
  std::size_t size() const { return servers_.size(); }
  // The server that serves the slot in its own view and says so in ROLE; nothing when none does.
  ValkeyProcess* primary_of(int slot);
  // Running servers that replicate from `primary`.
  std::vector<ValkeyProcess*> replicas_of(const ValkeyProcess& primary);

 private:
  PlainClusterOptions options_;
  TempDir folder_;
  LoopbackBlock block_;
  std::vector<std::unique_ptr<ValkeyProcess>> servers_;
};

}  // namespace shardkeeper::test
