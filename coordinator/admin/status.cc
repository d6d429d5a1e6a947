#include "coordinator/admin/status.h"

#include <algorithm>
#include <map>

namespace shardkeeper::admin_service {
namespace {

using model::PodInfo;

bool is_unreachable(const PodInfo& info, const model::Snapshot& snapshot) {
  return !info.state || snapshot.now - info.heard_at > snapshot.cluster.spec.node_timeout;
}

bool is_primary(const PodInfo& info) {
  return info.state && info.state->condition == ServerCondition::kUp && info.state->role == Role::kPrimary && !info.state->slots.empty();
}

bool is_in_cluster(const PodInfo& info) {
  const auto it = info.pod.conditions.find(model::kConditionInCluster);
  return it != info.pod.conditions.end() && it->second;
}

bool is_ready(const PodInfo& info, const model::Snapshot& snapshot) {
  return !is_unreachable(info, snapshot) && info.state->readiness.is_ready() && is_in_cluster(info);
}

void describe_readiness(const PodInfo& info, const model::Snapshot& snapshot, admin::v1::PodStatus& out) {
  out.set_ready(is_ready(info, snapshot));
  if (!info.pod.trouble.empty()) {
    out.set_reason("PodTrouble");
    out.set_detail(info.pod.trouble);
  } else if (!info.state) {
    out.set_reason("AgentSilent");
    out.set_detail("its agent has not been heard yet");
  } else if (is_unreachable(info, snapshot)) {
    out.set_reason("Unreachable");
    out.set_detail("its agent has been silent for longer than the node timeout");
  } else if (info.state->readiness.is_ready() && !is_in_cluster(info)) {
    out.set_reason("NotInCluster");
    out.set_detail("the majority's view does not list it with its slots yet");
  } else {
    out.set_reason(std::string(to_string(info.state->readiness.reason)));
    out.set_detail(info.state->readiness.detail);
  }
}

admin::v1::PodStatus pod_status(const PodInfo& info, const model::Snapshot& snapshot, std::uint64_t primary_offset) {
  admin::v1::PodStatus out;
  out.set_name(info.pod.name.value);
  out.set_worker(info.pod.worker.value);
  describe_readiness(info, snapshot, out);
  if (!info.state) return out;
  const auto& state = *info.state;
  const bool up = state.condition == ServerCondition::kUp;
  if (up) out.set_role(state.role == Role::kReplica ? "replica" : is_primary(info) ? "primary" : "");
  if (!info.pod.ip.empty() && state.announced.port != 0) out.set_address(info.pod.ip + ":" + std::to_string(state.announced.port));
  if (state.node_id) out.set_node_id(state.node_id->str());
  if (state.version) out.set_server_version(to_string(*state.version));
  if (!up) return out;
  out.set_keys(state.keys);
  out.set_memory_bytes(state.memory_used_bytes);
  out.set_config_epoch(state.config_epoch.value);
  out.set_slots(state.slots.count());
  if (state.role == Role::kReplica && primary_offset > state.replication.offset_bytes)
    out.set_lag_bytes(primary_offset - state.replication.offset_bytes);
  return out;
}

admin::v1::ShardStatus shard_status(int shard, std::vector<const PodInfo*> pods, const model::Snapshot& snapshot) {
  admin::v1::ShardStatus out;
  out.set_shard(shard);
  // One that was replaced while it is out of reach still looks like a primary; the higher epoch is the one that serves.
  std::ranges::stable_sort(pods, std::greater<>(),
                           [](const PodInfo* info) { return is_primary(*info) ? 1 + info->state->config_epoch.value : 0; });
  std::uint64_t offset = 0;
  if (!pods.empty() && is_primary(*pods.front())) {
    const auto& primary = *pods.front()->state;
    out.set_slots(primary.slots.count());
    out.set_slot_ranges(to_string(primary.slots));
    out.set_keys(primary.keys);
    offset = primary.replication.offset_bytes;
  }
  for (const auto* info : pods) *out.add_pods() = pod_status(*info, snapshot, offset);
  return out;
}

void summarize(const model::Snapshot& snapshot, const model::Decision& decision, int ready_pods, admin::v1::ClusterStatus& out) {
  const auto& spec = snapshot.cluster.spec;
  const int wanted = spec.shards * (1 + spec.replicas_per_shard);
  out.set_ready(out.slots_served() == kSlotCount && ready_pods >= wanted);
  const auto worst = std::ranges::max_element(decision.findings, {}, [](const model::Finding& f) { return model::family_of(f.reason); });
  const bool serious = worst != decision.findings.end() && model::family_of(worst->reason) >= model::Family::kMisconfigured;
  if (serious || (!out.ready() && worst != decision.findings.end())) {
    out.set_reason(std::string(to_string(worst->reason)));
    out.set_message(worst->subject + ": " + worst->detail);
  } else if (out.ready()) {
    out.set_reason("Healthy");
    out.set_message("all " + std::to_string(wanted) + " pods are Ready and all slots are served");
  } else {
    // Slots that are served mean that there was a whole cluster before.
    out.set_reason(out.slots_served() == kSlotCount ? "Repairing" : "Creating");
    out.set_message(std::to_string(ready_pods) + " of " + std::to_string(wanted) + " pods are Ready, " +
                    std::to_string(out.slots_served()) + " of " + std::to_string(kSlotCount) + " slots are served");
  }
}

}  // namespace

admin::v1::ClusterStatus cluster_status(const model::Snapshot& snapshot, const model::Decision& decision) {
  admin::v1::ClusterStatus out;
  out.set_name(snapshot.cluster.name.value);
  out.set_shards_wanted(snapshot.cluster.spec.shards);
  out.set_replicas_per_shard(snapshot.cluster.spec.replicas_per_shard);
  out.set_image(snapshot.cluster.spec.image);
  std::map<int, std::vector<const PodInfo*>> shards;
  for (int shard = 0; shard < snapshot.cluster.spec.shards; ++shard) shards[shard];
  std::map<int, int> ready;  // by shard: one too many here does not make up for one that is missing there
  SlotSet served;
  for (const auto& info : snapshot.pods) {
    if (is_primary(info) && !is_unreachable(info, snapshot) && info.state->cluster_state_ok) served = served.united(info.state->slots);
    if (const auto shard = info.pod.shard()) {
      shards[shard->value].push_back(&info);
      ready[shard->value] += is_ready(info, snapshot) ? 1 : 0;
    } else
      *out.add_spare_pods() = pod_status(info, snapshot, 0);
  }
  out.set_slots_served(served.count());
  for (auto& [shard, pods] : shards) *out.add_shards() = shard_status(shard, std::move(pods), snapshot);
  for (const auto& finding : decision.findings) {
    auto* f = out.add_findings();
    f->set_family(std::string(to_string(model::family_of(finding.reason))));
    f->set_reason(std::string(to_string(finding.reason)));
    f->set_subject(finding.subject);
    f->set_detail(finding.detail);
  }
  for (const auto& item : snapshot.in_flight) out.add_operations(to_string(item.step));
  int ready_pods = 0;
  for (int shard = 0; shard < snapshot.cluster.spec.shards; ++shard)
    ready_pods += std::min(ready[shard], 1 + snapshot.cluster.spec.replicas_per_shard);
  summarize(snapshot, decision, ready_pods, out);
  return out;
}

}  // namespace shardkeeper::admin_service
