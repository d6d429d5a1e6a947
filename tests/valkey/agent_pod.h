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

#include <cstdint>
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

  void begins(const PodName& pod, agent::AgentCore& agent) { agents_[pod] = &agent; }
  // What was asked of it and is not answered ends with an unknown outcome.
  void ends(const PodName& pod);

 private:
  struct Asked {
    PodName pod;
    rpc::AgentLink::Done done;
  };

  Scheduler& scheduler_;
  std::map<PodName, agent::AgentCore*> agents_;  // that run now
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t last_ = 0;
};

// Asked before each command that an agent sends to its server. False: it is not sent and never answered, as when the agent has just died.
using CommandGuard = std::function<bool(const std::vector<std::string>& arguments)>;

class GuardedPort final : public valkey::ServerPort {
 public:
  GuardedPort(boost::asio::io_context& loop, const valkey::ConnectionOptions& options, const CommandGuard& guard)
      : port_(loop, options), guard_(guard) {}
  void call(std::vector<std::string> arguments, Done done) override {
    if (!guard_ || guard_(arguments)) port_.call(std::move(arguments), std::move(done));
  }
  std::uint64_t calls_made() const override { return port_.calls_made(); }
  bool is_connected() const override { return port_.is_connected(); }
  void on_connection(std::function<void(bool)> changed) override { port_.on_connection(std::move(changed)); }
  void reconnect_now() override { port_.reconnect_now(); }

 private:
  valkey::Connection port_;
  const CommandGuard& guard_;
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
  std::filesystem::path tls;     // folder with the servers' certificate; "": plain text
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
  void guard(CommandGuard guard) { guard_ = std::move(guard); }
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
  Result<std::unique_ptr<agent::Relay>> open_relay(const Endpoint& to, agent::RelayKind kind);
  PodWorld& world_;
  PodOptions options_;
  PodName name_;
  std::filesystem::path volume_folder_;
  std::optional<agent::Login> other_login_;
  ChildProcess process_;
  std::unique_ptr<agent::PodVolume> volume_;
  CommandGuard guard_;
  std::unique_ptr<GuardedPort> connection_;
  std::unique_ptr<agent::AgentCore> core_;
};

}  // namespace shardkeeper::test
