#include "tests/cluster/slots_seen.h"

#include "common/types/slot_set.h"

#include <algorithm>
#include <sstream>

namespace shardkeeper::test {
namespace {

const admin::v1::ShardStatus* shard_of(const admin::v1::ClusterStatus& status, int number) {
  const auto found = std::ranges::find_if(status.shards(), [&](const auto& shard) { return shard.shard() == number; });
  return found == status.shards().end() ? nullptr : &*found;
}

std::string primary_of(const admin::v1::ClusterStatus& status, int number) {
  const auto* shard = shard_of(status, number);
  return shard != nullptr && shard->pods_size() > 0 ? shard->pods(0).name() : "";
}

}  // namespace

bool is_even(const admin::v1::ClusterStatus& status, int shards, int pods) {
  if (status.shards_size() != shards || !status.ready() || status.spare_pods_size() > 0) return false;
  if (status.migration().jobs_size() > 0 || status.migration().slots_left() > 0) return false;
  return std::ranges::all_of(status.shards(), [&](const admin::v1::ShardStatus& shard) {
    const int slots = static_cast<int>(shard.slots());
    return shard.pods_size() == pods && slots >= kSlotCount / shards && slots <= kSlotCount / shards + 1;
  });
}

std::string open_slots(LocalCluster& cluster) {
  std::string found;
  for (const auto& pod : cluster.pods()) {
    std::istringstream nodes(cluster.admin_client(pod.name).call({"CLUSTER", "NODES"}).value().text);
    for (std::string line; std::getline(nodes, line);)
      if (line.find("myself") != std::string::npos && line.find('[') != std::string::npos)
        found += pod.name + " " + line.substr(line.find('[')) + "\n";
  }
  return found;
}

MoveSeen move_seen(const admin::v1::ClusterStatus& status) {
  MoveSeen seen;
  for (const auto& job : status.migration().jobs()) {
    if (job.stage() != "running") continue;
    if (!seen.runs) {
      seen.source = primary_of(status, job.from());
      seen.target = primary_of(status, job.to());
    }
    seen.runs = true;
    seen.slots_done += job.slots_done();
    seen.slots_total += job.slots_total();
  }
  return seen;
}

std::string told(LocalCluster& cluster) {
  std::string text;
  for (const auto& event : cluster.events())
    text += std::to_string(event.unix_ms()) + " " + event.reason() + " " + event.subject() + " " + event.message() + "\n";
  return text;
}

std::vector<Endpoint> seeds_of(LocalCluster& cluster) {
  std::vector<Endpoint> seeds;
  for (const auto& pod : cluster.pods()) seeds.push_back({pod.ip, 6379, 0});
  return seeds;
}

}  // namespace shardkeeper::test
