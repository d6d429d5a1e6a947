#include "cli/slots.h"

#include "cli/render/slot_map.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace shardkeeper::cli {
namespace {

std::uint64_t epoch_of(const admin::v1::ShardStatus& shard) { return shard.pods().empty() ? 0 : shard.pods(0).config_epoch(); }

// By shard. A primary that has just given slots away may still speak of them; the one with the higher epoch owns them.
std::map<int, SlotSet> owners_of(const admin::v1::ClusterStatus& cluster) {
  std::vector<const admin::v1::ShardStatus*> shards;
  for (const auto& shard : cluster.shards()) shards.push_back(&shard);
  std::ranges::sort(shards, std::greater<>(), [](const auto* shard) { return std::pair(epoch_of(*shard), shard->shard()); });
  std::map<int, SlotSet> owned;
  SlotSet taken;
  for (const auto* shard : shards) {
    const SlotSet told = render::slots_of(shard->slot_ranges());
    owned[shard->shard()] = told.without(taken);
    taken = taken.united(told);
  }
  return owned;
}

}  // namespace

admin::v1::SlotMap slot_map_of(const admin::v1::ClusterStatus& cluster) {
  admin::v1::SlotMap map;
  map.set_cluster(cluster.name());
  std::map<int, SlotSet> leaving;  // by shard
  for (const auto& job : cluster.migration().jobs()) {
    *map.add_moving() = job;
    leaving[job.from()] = leaving[job.from()].united(render::slots_of(job.slots()));
  }
  auto owned = owners_of(cluster);
  SlotSet nobodys = SlotSet::all();
  for (const auto& shard : cluster.shards()) {
    const SlotSet& slots = owned[shard.shard()];
    auto* const owner = map.add_owners();
    owner->set_shard(shard.shard());
    if (!slots.empty() && shard.pods_size() > 0) owner->set_primary(shard.pods(0).name());
    owner->set_slots(to_string(slots));
    owner->set_slot_count(slots.count());
    owner->set_keys(shard.keys());
    owner->set_leaving(leaving[shard.shard()].common_with(slots).count());
    nobodys = nobodys.without(slots);
  }
  map.set_nobodys(to_string(nobodys));
  map.set_nobodys_count(nobodys.count());
  return map;
}

ExitCode run(const SlotsCommand& command, AdminApi& api, const Output& output) {
  const auto status = api.status(command.cluster);
  if (!status) return output.fail(status.error());
  admin::v1::SlotMaps maps;
  for (const auto& cluster : status->clusters()) *maps.add_clusters() = slot_map_of(cluster);
  output.write(maps, [&](const render::Look& look) {
    std::string text;
    for (const auto& map : maps.clusters()) text += (text.empty() ? "" : "\n") + render::draw_slot_map(map, look);
    return text.empty() ? std::string("no clusters\n") : text;
  });
  return ExitCode::kOk;
}

}  // namespace shardkeeper::cli
