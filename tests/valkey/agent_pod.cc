#include "tests/valkey/agent_pod.h"

#include "agent/io/migrate_relay.h"
#include "agent/io/volume_layout.h"
#include "agent/prepare/prepare.h"
#include "common/time/wall_clock.h"
#include "common/tls/server_identity.h"

#include <stdexcept>

namespace shardkeeper::test {

namespace layout = agent::layout;

bool PodWorld::run_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    loop_.restart();
    loop_.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

void LocalPeerCalls::sample(const rpc::Peer& peer, Sampled done) {
  const auto agent = agents_.find(peer.pod);
  if (agent == agents_.end()) return scheduler_.post([done] { done(unavailable("peer", "no agent")); });
  agent->second->sample(false, [done](Result<NodeState> state) { done(std::move(state)); });
}

void LocalPeerCalls::execute(const rpc::Peer& peer, const command::Command& command, rpc::AgentLink::Done done) {
  const auto agent = agents_.find(peer.pod);
  if (agent == agents_.end()) return scheduler_.post([done] { done(unavailable("peer", "no agent")); });
  const auto number = ++last_;
  asked_.emplace(number, Asked{peer.pod, std::move(done)});
  agent->second->execute({rpc::Caller::Kind::kPeer, "a peer"}, FenceToken{}, command,
                         [this, number](const Result<command::Outcome>& outcome) {
                           const auto asked = asked_.extract(number);
                           if (asked) asked.mapped().done(outcome);
                         });
}

void LocalPeerCalls::ends(const PodName& pod) {
  agents_.erase(pod);
  for (const auto& [number, asked] : asked_) {
    if (asked.pod != pod) continue;
    scheduler_.post([this, number = number] {
      const auto unanswered = asked_.extract(number);
      if (unanswered) unanswered.mapped().done(unknown_outcome("peer", "its agent ended"));
    });
  }
}

AgentPod::AgentPod(PodWorld& world, int number, PodOptions options)
    : world_(world), options_(std::move(options)), name_("pod-" + std::to_string(number)), volume_folder_(world.folder() / name_.value) {
  agent::PrepareOptions prepare;
  prepare.volume = volume_folder_;
  prepare.launch_binary = SK_LAUNCH;
  prepare.settings.pod = name_;
  prepare.settings.cluster_uid = world.addresses().prefix();  // a bus port of this test's own
  prepare.settings.announce.ip = world.addresses().address(number);
  prepare.settings.replication.password = "ReplicationOfThisTest";
  prepare.settings.node_timeout = options_.node_timeout;
  prepare.settings.tls_folder = options_.tls.string();
  if (const auto prepared = agent::prepare(prepare); !prepared) throw std::runtime_error(to_string(prepared.error()));
  start_agent();
  start_launch();
}

void AgentPod::start_launch() {
  ChildOptions child;
  child.program = volume_folder_ / layout::kLaunch;
  child.arguments = {volume_folder_.string(), options_.server.string()};
  child.output = volume_folder_ / "output";
  process_ = ChildProcess(child);
}

void AgentPod::start_agent() {
  auto volume = agent::PodVolume::open(world_.loop(), world_.scheduler(), volume_folder_);
  if (!volume) throw std::runtime_error(to_string(volume.error()));
  volume_ = *std::move(volume);
  valkey::ConnectionOptions connection;
  connection.address = valkey::UnixAddress{(volume_folder_ / layout::kServerSocket).string()};
  connection.login = valkey::Login{volume_->agent_login().user, volume_->agent_login().password};
  connection.retry_max = std::chrono::milliseconds(200);
  connection_ = std::make_unique<GuardedPort>(world_.loop(), connection, guard_);
  agent::CoreConfig config;
  config.pod = name_;
  config.announced = volume_->settings().announce;
  config.hung_after = options_.hung_after;
  config.replication = other_login_.value_or(volume_->settings().replication);
  auto more = connection;
  more.call_timeout = std::chrono::seconds(60);
  core_ = std::make_unique<agent::AgentCore>(
      config, world_.scheduler(), *connection_, *volume_, world_.peer_calls(),
      [this, more] { return std::make_unique<GuardedPort>(world_.loop(), more, guard_); },
      [this](const Endpoint& to, agent::RelayKind kind) { return open_relay(to, kind); });
  world_.peer_calls().begins(name_, *core_);
}

Result<std::unique_ptr<agent::Relay>> AgentPod::open_relay(const Endpoint& to, agent::RelayKind kind) {
  if (options_.tls.empty()) return agent::MigrateRelay::open(world_.loop(), to, kind, nullptr);
  const auto identity = tls::read_server_identity(options_.tls, wall_clock(world_.scheduler()));
  if (!identity) return identity.error();
  return agent::MigrateRelay::open(world_.loop(), to, kind, &*identity);
}

void AgentPod::stop_agent() {
  world_.peer_calls().ends(name_);
  core_.reset();
  connection_.reset();
  volume_.reset();
}

std::string AgentPod::execute(const command::Command& command, FenceToken token) {
  std::string result;
  core_->execute({rpc::Caller::Kind::kCoordinator, "coordinator"}, token, command, [&](const Result<command::Outcome>& outcome) {
    result = !outcome ? to_string(outcome.error()) : outcome->already_so ? "already so" : "done";
  });
  if (!world_.run_until([&] { return !result.empty(); })) return "never finished";
  return result;
}

SyncClient AgentPod::admin() const {
  auto client = SyncClient::connect_unix(volume_folder_ / layout::kServerSocket, std::chrono::seconds(30),
                                         {volume_->agent_login().user, volume_->agent_login().password});
  if (!client) throw std::runtime_error(to_string(client.error()));
  return *std::move(client);
}

void AgentPod::cut_clients() {
  auto client = admin();
  if (const auto killed = client.call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}); !killed || killed->is_error())
    throw std::runtime_error("CLIENT KILL: " + (killed ? killed->text : to_string(killed.error())));
}

bool AgentPod::grant_start() {
  if (!world_.run_until([&] { return state().gate.is_waiting(); })) return false;
  return execute(command::GrantStart{state().gate.request->id, "a test says so"}) == "done";
}

}  // namespace shardkeeper::test
