#include "tests/support/plain_cluster.h"

#include "tests/support/cluster_client.h"
#include "tests/support/wait_until.h"

#include <algorithm>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

bool is_primary(const ValkeyProcess& server) {
  const auto role = server.call({"ROLE"});
  return !role.items.empty() && role.items[0].text == "master";
}

bool is_ready(const ValkeyProcess& server, std::size_t nodes) {
  const std::string info = server.ask({"CLUSTER", "INFO"});
  if (info.find("cluster_state:ok") == std::string::npos ||
      info.find("cluster_known_nodes:" + std::to_string(nodes) + "\r") == std::string::npos)
    return false;
  return is_primary(server) || server.info("replication", "master_link_status") == "up";
}

}  // namespace

PlainCluster::PlainCluster(PlainClusterOptions options) : options_(std::move(options)) {
  const int count = options_.shards * (1 + options_.replicas_per_shard);
  for (int i = 1; i <= count; ++i) {
    const auto folder = folder_ / std::to_string(i);
    std::filesystem::create_directory(folder);
    servers_.push_back(std::make_unique<ValkeyProcess>(
        ValkeyOptions{.program = valkey_server(options_.line), .ip = block_.address(i), .folder = folder, .settings = options_.settings}));
  }
}

std::vector<Endpoint> PlainCluster::endpoints() const {
  std::vector<Endpoint> result;
  result.reserve(servers_.size());
  for (const auto& server : servers_) result.push_back({.ip = server->options().ip, .port = server->options().port});
  return result;
}

std::chrono::milliseconds PlainCluster::create() {
  ChildOptions cli{.program = valkey_cli(options_.line), .arguments = {"--cluster", "create"}};
  for (const Endpoint& endpoint : endpoints()) cli.arguments.push_back(to_string(endpoint));
  cli.arguments.insert(cli.arguments.end(), {"--cluster-replicas", std::to_string(options_.replicas_per_shard), "--cluster-yes"});
  const auto began = std::chrono::steady_clock::now();
  const Finished finished = run(cli, 120s);
  const auto took = std::chrono::steady_clock::now() - began;
  if (finished.status != ExitStatus{}) throw std::runtime_error("valkey-cli --cluster create failed: " + finished.output);
  return std::chrono::duration_cast<std::chrono::milliseconds>(took);
}

bool PlainCluster::wait_until_ready(std::chrono::milliseconds deadline) {
  const auto all_ready = [this] {
    return std::all_of(servers_.begin(), servers_.end(), [this](const auto& s) { return is_ready(*s, servers_.size()); });
  };
  return wait_until(all_ready, deadline, 20ms);
}

ValkeyProcess* PlainCluster::primary_of(int slot) {
  for (const auto& server : servers_) {
    if (!server->is_running() || !is_primary(*server)) continue;
    for (const SlotOwner& owner : parse_cluster_slots(server->call({"CLUSTER", "SLOTS"})))
      if (owner.slots.contains(slot) && owner.primary.ip == server->options().ip) return server.get();
  }
  return nullptr;
}

std::vector<ValkeyProcess*> PlainCluster::replicas_of(const ValkeyProcess& primary) {
  std::vector<ValkeyProcess*> result;
  for (const auto& server : servers_)
    if (server->is_running() && server->info("replication", "master_host") == primary.options().ip) result.push_back(server.get());
  return result;
}

}  // namespace shardkeeper::test
