// A pod as on a platform, for tests: a prepared volume, `launch` with a real server, and the agent's core in this process.
#pragma once

#include "agent/core/agent_core.h"
#include "agent/io/pod_volume.h"
#include "common/net/asio_scheduler.h"
#include "common/valkey/connection.h"
#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/sync_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_binaries.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::test {

// Agents of one test ask each other without gRPC.
class LocalPeerCalls final : public rpc::PeerCalls {
 public:
  explicit LocalPeerCalls(Scheduler& scheduler) : scheduler_(scheduler) {}
  void sample(const rpc::Peer& peer, Sampled done) override;
  void execute(const rpc::Peer& peer, const command::Command& command, rpc::AgentLink::Done done) override;

  std::map<PodName, agent::AgentCore*> agents;  // that run now

 private:
  Scheduler& scheduler_;
};

// The loop, an address block and a folder that the pods of one test share.
class PodWorld {
 public:
  PodWorld() : scheduler_(loop_) {}

  // Turns the loop until `condition` holds. RETURNS false when `deadline` passed without that.
  bool run_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(20));

  boost::asio::io_context& loop() { return loop_; }
  Scheduler& scheduler() { return scheduler_; }
  const TempDir& folder() const { return folder_; }
  const LoopbackBlock& addresses() const { return addresses_; }
  LocalPeerCalls& peer_calls() { return peer_calls_; }

 private:
  boost::asio::io_context loop_{1};
  AsioScheduler scheduler_;
  TempDir folder_;
  LoopbackBlock addresses_;
  LocalPeerCalls peer_calls_{scheduler_};
};

struct PodOptions {
  std::filesystem::path server;  // what `launch` starts
  std::chrono::milliseconds node_timeout{5'000};
  std::chrono::milliseconds hung_after{30'000};
};

class AgentPod {
 public:
  // `number` 1..250 chooses name and address. Prepares the volume and starts agent and launch; the gate is shut.
  AgentPod(PodWorld& world, int number, PodOptions options);
  ~AgentPod() { stop_agent(); }
  AgentPod(const AgentPod&) = delete;
  AgentPod& operator=(const AgentPod&) = delete;

  agent::AgentCore& core() { return *core_; }
  const NodeState& state() const { return core_->state(); }
  std::string reason() const { return std::string(to_string(state().readiness.reason)); }
  PodName name() const { return name_; }
  const std::filesystem::path& volume() const { return volume_folder_; }
  Endpoint endpoint() const { return state().announced; }

  // Runs a command as the coordinator would. "done", "already so", or the error's text.
  std::string execute(const command::Command& command, FenceToken token = FenceToken{1});
  // Waits for the request and grants it.
  bool grant_start();
  void stop_agent();
  void start_agent();
  void start_launch();
  // The server process: launch became it.
  void signal_server(int number) { process_.signal(number); }
  void kill_server() { process_.kill(); }
  // Closes every connection of clients to the server, the agent's too, and what other servers' MIGRATE uses.
  void cut_clients();
  // As the agent's user, on the unix socket; the agent must run. Throws std::runtime_error.
  SyncClient admin() const;
  const agent::Login& agent_login() const { return volume_->agent_login(); }
  // With which its server logs in at others, from the next start of the agent on; none: the right one.
  void log_in_elsewhere_as(std::optional<agent::Login> login) { other_login_ = std::move(login); }

 private:
  PodWorld& world_;
  PodOptions options_;
  PodName name_;
  std::filesystem::path volume_folder_;
  std::optional<agent::Login> other_login_;
  ChildProcess process_;
  std::unique_ptr<agent::PodVolume> volume_;
  std::unique_ptr<valkey::Connection> connection_;
  std::unique_ptr<agent::AgentCore> core_;
};

}  // namespace shardkeeper::test
