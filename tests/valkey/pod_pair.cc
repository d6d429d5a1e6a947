#include "tests/valkey/pod_pair.h"

#include "agent/io/volume_layout.h"
#include "common/time/wall_clock.h"
#include "common/tls/authority.h"

#include <algorithm>
#include <stdexcept>

namespace shardkeeper::test {

using namespace std::chrono_literals;

PodPair::PodPair(PodWorld& world, const PodPairOptions& options) : world_(world) {
  for (int i = 0; i < 2 * (1 + options.replicas); ++i) {
    PodOptions pod;
    pod.server = valkey_server(i % 2 == 0 ? options.source : options.target);
    if (options.tls) pod.tls = servers_certificate();
    pods_.push_back(std::make_unique<AgentPod>(world_, i + 1, pod));
  }
  form();
}

std::filesystem::path PodPair::servers_certificate() {
  const auto folder = world_.folder() / "server-tls";
  if (std::filesystem::exists(folder)) return folder;
  const auto now = wall_clock(world_.scheduler());
  const auto authority = tls::Authority::make(ClusterName("cache"), now).value();
  if (const auto written = tls::write_identity(folder, authority.issue_agent(PodName("servers"), now).value()); !written)
    throw std::runtime_error(to_string(written.error()));
  return folder;
}

void PodPair::form() {
  for (auto& pod : pods_) expect("a grant", [&] { return pod->grant_start(); });
  for (auto& pod : pods_) expect(pod->name().value + " to start", [&] { return pod->reason() == "NotAMember"; });
  std::vector<Endpoint> everybody;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    // Young servers without data agree ten times sooner with a short node timeout.
    order(*pods_[i], command::SetConfig{{{"cluster-node-timeout", "500"}}});
    order(*pods_[i], command::SetConfigEpoch{Epoch{i + 1}});
    everybody.push_back(pods_[i]->endpoint());
  }
  order(source(), command::AddSlots{SlotSet::of(0, kSlotCount - 2)});
  order(target(), command::AddSlots{SlotSet::of(kSlotCount - 1, kSlotCount - 1)});
  for (auto& pod : pods_) {
    auto others = everybody;
    std::erase(others, pod->endpoint());
    order(*pod, command::Meet{others});
  }
  for (std::size_t i = 2; i < pods_.size(); ++i) {
    const NodeId primary = *pods_[i % 2]->state().node_id;
    expect("a replica to join", [&] { return pods_[i]->execute(command::Replicate{primary}) == "done"; });
  }
  expect("all to be ready", [&] { return std::ranges::all_of(pods_, [](const auto& pod) { return pod->state().readiness.is_ready(); }); });
  for (auto& pod : pods_) order(*pod, command::SetConfig{{{"cluster-node-timeout", "5000"}}});
  expect("the node timeout", [&] { return std::ranges::all_of(pods_, [](const auto& pod) { return pod->state().node_timeout == 5s; }); });
}

void PodPair::expect(const std::string& what, const std::function<bool()>& condition) {
  if (!world_.run_until(condition, 60s)) throw std::runtime_error("waited for " + what + " for a minute");
}

void PodPair::order(AgentPod& pod, const command::Command& command) {
  const std::string answer = pod.execute(command);
  if (answer != "done") throw std::runtime_error(pod.name().value + ": " + std::string(command::name_of(command)) + ": " + answer);
}

MigrationJob PodPair::job(const SlotSet& slots, MigrationEngine engine, const std::string& id) {
  return {.id = id,
          .slots = slots,
          .target_pod = target().name(),
          .target_agent = "",
          .target_node = *target().state().node_id,
          .target_server = target().endpoint(),
          .engine = engine};
}

MigrationProgress PodPair::run(const MigrationJob& job) {
  order(source(), command::StartMigration{job});
  return wait_for(job.id);
}

MigrationProgress PodPair::wait_for(const std::string& id) {
  const auto has_ended = [&] {
    const auto& progress = source().state().migration;
    return progress && progress->job == id && !progress->is_running();
  };
  if (!world_.run_until(has_ended, 300s)) throw std::runtime_error("job " + id + " does not end");
  return *source().state().migration;
}

SyncClient PodPair::connect(AgentPod& pod) {
  auto client = SyncClient::connect_unix(pod.volume() / agent::layout::kServerSocket, 30s);
  if (!client) throw std::runtime_error(to_string(client.error()));
  return *std::move(client);
}

}  // namespace shardkeeper::test
