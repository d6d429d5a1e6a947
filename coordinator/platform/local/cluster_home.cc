#include "coordinator/platform/local/cluster_home.h"

#include "coordinator/platform/local/json_fields.h"
#include "coordinator/platform/local/ports.h"
#include "coordinator/platform/random_text.h"

namespace shardkeeper::platform::local {
namespace {

constexpr int kNetworksTried = 64;
constexpr int kUidBytes = 16;
constexpr int kPasswordBytes = 24;
constexpr int kReplicasMax = 1000;

// A network in which the first address is free is taken to be free as a whole: pods get theirs checked one by one.
Result<Network> choose_network(const std::string& uid, const std::set<Network>& taken) {
  std::string obstacle = "all are taken by other clusters of this state folder";
  for (int attempt = 0; attempt < kNetworksTried; ++attempt) {
    const auto network = network_of(uid, attempt);
    if (taken.contains(network)) continue;
    const auto free = check_free(address_in(network, 1), pod_ports());
    if (free) return network;
    obstacle = to_string(free.error());
  }
  return refused("loopback network", "none of " + std::to_string(kNetworksTried) + " networks tried is free; the last: " + obstacle +
                                         "; end what listens on all addresses (0.0.0.0) on these ports");
}

}  // namespace

std::string to_json(const ClusterRecord& record) {
  return boost::json::serialize(boost::json::object{{"uid", record.uid},
                                                    {"network", to_string(record.network)},
                                                    {"lastHost", record.last_host},
                                                    {"replicasPerShard", record.replicas_per_shard},
                                                    {"replicationPassword", record.replication_password}}) +
         "\n";
}

Result<ClusterRecord> parse_cluster_record(const std::string& where, std::string_view text) {
  const auto object = parse_object(where, text);
  if (!object) return object.error();
  Fields fields(where, *object);
  ClusterRecord record;
  record.uid = fields.text("uid");
  const auto network = parse_network(fields.text("network"));
  record.last_host = static_cast<int>(fields.number("lastHost", 0, kHostsMax));
  record.replicas_per_shard = static_cast<int>(fields.number("replicasPerShard", 0, kReplicasMax));
  record.replication_password = fields.text("replicationPassword");
  if (const auto sound = fields.result(); !sound) return sound.error();
  if (!network) return invalid(where, to_string(network.error()));
  record.network = *network;
  return record;
}

Result<ClusterHome> ClusterHome::open(const StateFolder& state, const ClusterName& cluster, const std::set<Network>& networks_taken,
                                      std::chrono::sys_seconds now) {
  if (const auto sound = state.check_cluster_name(cluster); !sound) return sound.error();
  const auto folder = state.cluster(cluster);
  const auto file = folder / "cluster.json";
  if (const auto made = make_folder(folder); !made) return made.error();

  auto authority = tls::read_authority(folder, cluster);
  if (!authority && authority.error().kind == ErrorKind::kNotFound) {
    authority = tls::Authority::make(cluster, now);
    if (!authority) return authority.error();
    if (const auto written = tls::write_authority(folder, *authority); !written) return written.error();
  }
  if (!authority) return authority.error();

  const auto text = read_file(file);
  if (text) {
    auto record = parse_cluster_record(file.string(), *text);
    if (!record) return record.error();
    return ClusterHome(file, std::move(*record), std::move(*authority));
  }
  if (text.error().kind != ErrorKind::kNotFound) return text.error();
  ClusterRecord record;
  record.uid = random_hex(kUidBytes);
  record.replication_password = random_hex(kPasswordBytes);
  const auto network = choose_network(record.uid, networks_taken);
  if (!network) return network.error();
  record.network = *network;
  if (const auto written = write_file(file, to_json(record)); !written) return written.error();
  return ClusterHome(file, std::move(record), std::move(*authority));
}

Result<std::string> ClusterHome::take_address(const std::set<std::string>& taken) {
  auto busy = taken;
  std::string obstacle = "every address has a pod";
  auto changed = record_;
  while (true) {
    changed.last_host = next_host(record_.network, changed.last_host, busy);
    if (changed.last_host == 0)
      return refused("network " + to_string(record_.network) + ".0/24", "no free address for one more pod: " + obstacle);
    auto ip = address_in(record_.network, changed.last_host);
    const auto free = check_free(ip, pod_ports());
    if (free) {
      if (const auto written = put(changed); !written) return written.error();
      return ip;
    }
    obstacle = to_string(free.error());
    busy.insert(ip);
  }
}

Result<void> ClusterHome::set_replicas_per_shard(int replicas) {
  if (record_.replicas_per_shard == replicas) return {};
  auto changed = record_;
  changed.replicas_per_shard = replicas;
  return put(changed);
}

Result<void> ClusterHome::put(const ClusterRecord& record) {
  if (const auto written = write_file(file_, to_json(record)); !written) return written.error();
  record_ = record;
  return {};
}

}  // namespace shardkeeper::platform::local
