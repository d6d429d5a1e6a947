#include "tests/unit/plan/cluster_builder.h"

#include "common/error/check.h"

#include <algorithm>
#include <cstdio>

namespace shardkeeper::test {
namespace {

using Life = BuiltNode::Life;

std::string ip_of(const BuiltNode& node) {
  return "127." + std::to_string(1 + node.shard / 250) + "." + std::to_string(node.shard % 250) + "." + std::to_string(node.member + 1);
}

Endpoint endpoint_of(const BuiltNode& node) { return {ip_of(node), 6379, 20001}; }

NodeId id_of(const BuiltNode& node) { return ClusterBuilder::id_of(node.shard, node.member, node.generation); }

bool runs(const BuiltNode& node) { return node.life != Life::kDead && node.life != Life::kNeverStarted; }

SlotSet share_of(int shard, int shards) { return SlotSet::of(kSlotCount * shard / shards, kSlotCount * (shard + 1) / shards - 1); }

std::string replication_id(const BuiltNode& node) {
  std::string digits;
  for (const char c : node.history + std::to_string(node.shard)) digits += "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
  std::string text;
  while (text.size() < NodeId::kLength) text += digits;
  return text.substr(0, NodeId::kLength);
}

}  // namespace

NodeId ClusterBuilder::id_of(int shard, int member, int generation) {
  char block[9];
  std::snprintf(block, sizeof block, "%03x%02x%03x", static_cast<unsigned>(shard) & 0xfffU, static_cast<unsigned>(member) & 0xffU,
                static_cast<unsigned>(generation) & 0xfffU);
  std::string text;
  for (int i = 0; i < 5; ++i) text += block;
  return NodeId::parse(text).value();
}

ClusterBuilder& ClusterBuilder::shards(int count) {
  spec_.shards = count;
  remake();
  return *this;
}

ClusterBuilder& ClusterBuilder::replicas(int count) {
  spec_.replicas_per_shard = count;
  remake();
  return *this;
}

ClusterBuilder& ClusterBuilder::workers(std::vector<std::string> names) {
  worker_names_ = std::move(names);
  remake();
  return *this;
}

void ClusterBuilder::remake() {
  nodes_.clear();
  for (int shard = 0; shard < spec_.shards; ++shard)
    for (int member = 0; member <= spec_.replicas_per_shard; ++member) {
      BuiltNode node;
      node.pod = "vk-" + std::to_string(shard) + "-" + std::to_string(member);
      node.shard = shard;
      node.member = member;
      node.worker = worker_names_[static_cast<std::size_t>(shard + member) % worker_names_.size()];
      node.is_primary = member == 0;
      node.epoch = {static_cast<std::uint64_t>(shard + 1)};
      if (node.is_primary)
        node.slots = share_of(shard, spec_.shards);
      else
        node.follows = "vk-" + std::to_string(shard) + "-0";
      nodes_.push_back(std::move(node));
    }
}

BuiltNode& ClusterBuilder::node(const std::string& pod) {
  const auto it = std::ranges::find(nodes_, pod, &BuiltNode::pod);
  SK_CHECK(it != nodes_.end(), "the cluster of the test has no such pod");
  return *it;
}

const BuiltNode& ClusterBuilder::node(const std::string& pod) const {
  const auto it = std::ranges::find(nodes_, pod, &BuiltNode::pod);
  SK_CHECK(it != nodes_.end(), "the cluster of the test has no such pod");
  return *it;
}

NodeId ClusterBuilder::id(const std::string& pod) const { return test::id_of(node(pod)); }

std::string ClusterBuilder::address(const std::string& pod) const { return ip_of(node(pod)); }

ClusterBuilder& ClusterBuilder::change(const std::string& pod, const std::function<void(BuiltNode&)>& how) {
  how(node(pod));
  return *this;
}

ClusterBuilder& ClusterBuilder::dead(const std::string& pod) {
  return change(pod, [](BuiltNode& n) { n.life = Life::kDead; });
}

ClusterBuilder& ClusterBuilder::dead_without_request(const std::string& pod) {
  return change(pod, [](BuiltNode& n) {
    n.life = Life::kDead;
    n.waits_at_gate = false;
  });
}

ClusterBuilder& ClusterBuilder::container_ended(const std::string& pod) {
  return change(pod, [](BuiltNode& n) {
    n.container_ended = true;
    n.silent_for = std::chrono::seconds(60);
  });
}

ClusterBuilder& ClusterBuilder::out_of_service(const std::string& worker) {
  tainted_.insert(worker);
  for (auto& node : nodes_)
    if (node.worker == worker) node.silent_for = std::chrono::seconds(60);
  return *this;
}

ClusterBuilder& ClusterBuilder::silent(const std::string& pod, Duration since) {
  return change(pod, [&](BuiltNode& n) { n.silent_for = since; });
}

ClusterBuilder& ClusterBuilder::unheard(const std::string& pod) {
  return change(pod, [](BuiltNode& n) { n.unheard = true; });
}

ClusterBuilder& ClusterBuilder::hung(const std::string& pod) {
  return change(pod, [](BuiltNode& n) { n.life = Life::kHung; });
}

ClusterBuilder& ClusterBuilder::starting(const std::string& pod) {
  return change(pod, [](BuiltNode& n) {
    n.life = Life::kStarting;
    n.in_cluster = false;
    ++n.generation;
  });
}

ClusterBuilder& ClusterBuilder::pod_gone(const std::string& pod) {
  return change(pod, [](BuiltNode& n) { n.pod_exists = false; });
}

ClusterBuilder& ClusterBuilder::first_start(const std::string& pod) {
  return change(pod, [](BuiltNode& n) {
    n.life = Life::kNeverStarted;
    n.in_cluster = false;
    n.slots = {};
  });
}

ClusterBuilder& ClusterBuilder::fresh(const std::string& pod) {
  return change(pod, [](BuiltNode& n) {
    n.life = Life::kUp;
    n.in_cluster = false;
    n.is_primary = true;
    n.follows.clear();
    n.slots = {};
    n.epoch = {};
    n.keys = 0;
    n.cluster_ok = false;
    n.has_synced = false;
    n.open_slots.clear();
    n.migration.reset();
    n.functions_hash = 0;
    ++n.generation;
  });
}

ClusterBuilder& ClusterBuilder::promoted(const std::string& pod) {
  BuiltNode& heir = node(pod);
  BuiltNode& old = node(heir.follows);
  heir.is_primary = true;
  heir.slots = old.slots.empty() ? share_of(heir.shard, spec_.shards) : old.slots;
  heir.epoch = {100U + static_cast<std::uint64_t>(heir.shard)};
  for (auto& other : nodes_)
    if (other.follows == old.pod && other.pod != pod) other.follows = pod;
  heir.follows.clear();
  if (runs(old)) {
    old.is_primary = false;
    old.follows = pod;
  }
  return *this;
}

ClusterBuilder& ClusterBuilder::follows(const std::string& replica, const std::string& primary) {
  return change(replica, [&](BuiltNode& n) {
    n.is_primary = false;
    n.follows = primary;
  });
}

ClusterBuilder& ClusterBuilder::extra(const std::string& pod, int shard, const std::string& worker) {
  BuiltNode node;
  node.pod = pod;
  node.shard = shard;
  node.member = 0;
  for (const auto& other : nodes_)
    if (other.shard == shard) node.member = std::max(node.member, other.member + 1);
  node.worker = worker;
  const std::string primary = "vk-" + std::to_string(shard) + "-0";
  if (std::ranges::find(nodes_, primary, &BuiltNode::pod) != nodes_.end()) node.follows = primary;
  nodes_.push_back(std::move(node));
  return *this;
}

ClusterBuilder& ClusterBuilder::asked(int shards) {
  spec_.shards = shards;
  return *this;
}

ClusterBuilder& ClusterBuilder::moved(const std::string& source, const std::string& target, const SlotSet& slots) {
  BuiltNode& from = node(source);
  BuiltNode& to = node(target);
  const SlotSet moving = slots.common_with(from.slots);
  if (moving.empty()) return *this;
  const std::uint64_t keys = from.keys * static_cast<std::uint64_t>(moving.count()) / static_cast<std::uint64_t>(from.slots.count());
  from.keys -= keys;
  to.keys += keys;
  from.slots = from.slots.without(moving);
  to.slots = to.slots.united(moving);
  to.cluster_ok = true;
  for (const auto& other : nodes_) to.epoch = std::max(to.epoch, other.epoch);
  ++to.epoch.value;
  for (auto& other : nodes_) {
    if (other.follows == target) other.epoch = to.epoch, other.keys = to.keys;
    if (other.follows == source) other.keys = from.keys;
  }
  return *this;
}

ClusterBuilder& ClusterBuilder::migrating(const std::string& source, const std::string& target, const SlotSet& slots,
                                          MigrationProgress::Stage stage, const std::string& job, const std::string& error) {
  MigrationProgress progress{.job = job, .target_node = id(target), .slots = slots, .stage = stage, .slots_done = {}, .error = error};
  if (stage == MigrationProgress::Stage::kDone) progress.slots_done = slots;
  node(source).migration = std::move(progress);
  return *this;
}

ClusterBuilder& ClusterBuilder::open_slot(const std::string& pod, int slot, OpenSlot::Direction direction, const std::string& peer) {
  node(pod).open_slots.push_back({slot, direction, id(peer)});
  return *this;
}

ClusterBuilder& ClusterBuilder::island(int number, const std::vector<std::string>& pods) {
  for (const auto& pod : pods) node(pod).island = number;
  return *this;
}

ClusterBuilder& ClusterBuilder::failed(const std::string& pod) {
  failed_.insert(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::suspected(const std::string& pod) {
  suspected_.insert(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::noaddr(const std::string& pod) {
  noaddr_.insert(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::has_address(const std::string& pod) {
  noaddr_.erase(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::forgotten(const std::string& pod) {
  forgotten_.insert(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::unforget(const std::string& pod) {
  forgotten_.erase(pod);
  return *this;
}

ClusterBuilder& ClusterBuilder::pass_time(Duration time) {
  passed_ += time;
  return *this;
}

ClusterBuilder& ClusterBuilder::ghost(const std::string& name, int shard, bool is_failed) {
  NodeRow row{.id = id_of(shard, 0xee, static_cast<int>(name.back())),
              .endpoint = {"127.9.9." + std::to_string(ghosts_.size() + 1), 6379, 20001}};
  row.role = Role::kReplica;
  row.primary_id = id("vk-" + std::to_string(shard) + "-0");
  row.is_failed = is_failed;
  ghosts_.push_back(std::move(row));
  return *this;
}

ClusterBuilder& ClusterBuilder::death_seen(const std::string& pod, Duration ago, std::uint64_t nonce) {
  history_.successions[id(pod)] = {kNow - ago, nonce, {}, {}};
  history_.last_nonce = std::max(history_.last_nonce, nonce);
  return *this;
}

ClusterBuilder& ClusterBuilder::forced(const std::string& pod, Duration ago) {
  history_.successions.at(id(pod)).forced_at = kNow - ago;
  return *this;
}

ClusterBuilder& ClusterBuilder::taken_over(const std::string& pod, Duration ago) {
  history_.successions.at(id(pod)).taken_over_at = kNow - ago;
  return *this;
}

ClusterBuilder& ClusterBuilder::reported() {
  for (auto& node : nodes_)
    if (node.life == Life::kUp && !node.silent_for) node.nonce = history_.last_nonce;
  return *this;
}

ClusterBuilder& ClusterBuilder::in_flight(model::Action action) {
  in_flight_.push_back({{std::move(action), model::Reason::kHealthy, {}}, kNow - std::chrono::milliseconds(50)});
  return *this;
}

ClusterBuilder& ClusterBuilder::failing(const model::Action& action, int times, Duration back_off_left) {
  failures_[key_of(model::Step{action, model::Reason::kHealthy, {}})] = {times, kNow + back_off_left, "it said no"};
  return *this;
}

ClusterBuilder& ClusterBuilder::edit(const std::function<void(model::Snapshot&)>& how) {
  edits_.push_back(how);
  return *this;
}

ClusterBuilder& ClusterBuilder::remember(const std::function<void(model::History&)>& how) {
  how(history_);
  return *this;
}

TopologyView ClusterBuilder::view_of(const BuiltNode& viewer) const {
  TopologyView view;
  for (const auto& node : nodes_) {
    const bool is_self = node.pod == viewer.pod;
    if (!is_self && (!viewer.in_cluster || !node.in_cluster || node.island != viewer.island || forgotten_.contains(node.pod))) continue;
    NodeRow row{.id = test::id_of(node), .endpoint = endpoint_of(node)};
    if (is_self && !viewer.in_cluster) row.endpoint.ip.clear();
    row.role = node.is_primary ? Role::kPrimary : Role::kReplica;
    if (!node.follows.empty()) row.primary_id = id(node.follows);
    row.is_myself = is_self;
    row.config_epoch = node.epoch;
    // Slots of a dead primary stay its own in the views until somebody else claims them.
    if (node.is_primary) row.slots = node.slots;
    for (const auto& other : nodes_)
      if (other.pod != node.pod && other.is_primary && other.in_cluster && other.island == viewer.island && other.epoch > node.epoch)
        row.slots = row.slots.without(other.slots);
    row.is_failed = failed_.contains(node.pod) && !is_self;
    row.is_suspected = suspected_.contains(node.pod) && !is_self;
    row.link_connected = runs(node);
    if (noaddr_.contains(node.pod) && !is_self) {
      row.has_no_address = true;
      row.endpoint = {};
    }
    view.rows.push_back(std::move(row));
  }
  if (viewer.in_cluster) view.rows.insert(view.rows.end(), ghosts_.begin(), ghosts_.end());
  std::ranges::sort(view.rows, {}, &NodeRow::id);
  return view;
}

NodeState ClusterBuilder::state_of(const BuiltNode& node, const TopologyView& view) const {
  NodeState state;
  state.pod = PodName(node.pod);
  state.nonce = node.nonce;
  state.announced = endpoint_of(node);
  Replication replication;
  replication.replication_id = replication_id(node);
  replication.offset_bytes = node.offset;
  if (node.is_primary) {
    for (const auto& other : nodes_) {
      const bool listed = node.online_set ? std::ranges::find(node.online, other.pod) != node.online.end()
                                          : other.follows == node.pod && runs(other) && other.has_synced;
      if (listed) replication.online_replicas.push_back({endpoint_of(other), other.offset});
    }
  } else {
    replication.link_up = node.link_up;
    replication.has_synced = node.has_synced;
    replication.sync_in_progress = node.sync_in_progress;
  }
  state.gate.lock_held = runs(node);
  if (node.life == Life::kDead || node.life == Life::kNeverStarted) {
    state.condition = ServerCondition::kDown;
    if (node.waits_at_gate) state.gate.request = StartRequest{StartId("start-" + node.pod), node.version};
    if (node.life == Life::kDead)
      state.last_life = LastLife{test::id_of(node), node.is_primary ? Role::kPrimary : Role::kReplica, node.slots, replication};
    state.migration = node.migration;
    state.readiness = {ReadyReason::kGateShut, ""};
    return state;
  }
  state.gate.request = StartRequest{StartId("start-" + node.pod), node.version};
  if (node.life == Life::kStarting) {
    state.condition = ServerCondition::kStarting;
    state.readiness = {ReadyReason::kStarting, ""};
    return state;
  }
  state.condition = node.life == Life::kHung      ? ServerCondition::kHung
                    : node.life == Life::kLoading ? ServerCondition::kLoading
                                                  : ServerCondition::kUp;
  state.node_id = test::id_of(node);
  state.version = node.version;
  state.role = node.is_primary ? Role::kPrimary : Role::kReplica;
  if (!node.follows.empty()) state.primary_id = id(node.follows);
  state.cluster_state_ok = node.cluster_ok;
  state.config_epoch = node.epoch;
  for (const auto& row : view.rows) state.current_epoch = std::max(state.current_epoch, row.config_epoch);
  if (node.is_primary) state.slots = node.slots;
  state.replication = std::move(replication);
  state.keys = node.keys;
  state.memory_used_bytes = node.bytes_used;
  state.memory_max_bytes = node.bytes_max;
  state.functions_hash = node.functions_hash;
  state.settings_hash = hash_settings(node.settings);
  state.settings_not_in_force = node.settings_not_in_force;
  state.users_trouble = node.users_trouble;
  state.tls_trouble = node.tls_trouble;
  state.open_slots = node.open_slots;
  state.migration = node.migration;
  state.node_timeout = node.node_timeout;
  state.fenced = node.fenced;
  state.view_hash = agreement_hash(view);
  const bool is_ready =
      node.life == Life::kUp && node.cluster_ok && (node.is_primary ? !node.slots.empty() : node.has_synced && node.link_up);
  state.readiness = is_ready ? Readiness{ReadyReason::kReady, ""} : Readiness{ReadyReason::kClusterStateFail, ""};
  return state;
}

model::Pod ClusterBuilder::pod_of(const BuiltNode& node) const {
  model::Pod pod;
  pod.name = PodName(node.pod);
  pod.uid = PodUid("uid-" + node.pod);
  pod.cluster = ClusterName("vk");
  pod.labels[model::kLabelCluster] = "vk";
  pod.labels[model::kLabelShard] = std::to_string(node.shard);
  if (node.life == Life::kUp && node.in_cluster && !node.silent_for && !node.unheard) {
    pod.labels[model::kLabelRole] = node.is_primary ? "primary" : "replica";
    pod.conditions[model::kConditionInCluster] = true;
  }
  pod.worker = WorkerName(node.worker);
  pod.ip = ip_of(node);
  pod.phase = model::PodPhase::kRunning;
  if (node.valkey_container) {
    model::ContainerStatus container{"valkey", "c1", !node.container_ended, std::nullopt, 0};
    if (node.container_ended) container.terminated_id = "c1";
    pod.containers.push_back(std::move(container));
  }
  pod.image = spec_.image;
  pod.is_deleting = node.is_deleting;
  return pod;
}

model::Snapshot ClusterBuilder::snapshot() const {
  model::Snapshot snapshot;
  snapshot.now = kNow + passed_;
  snapshot.started = kNow - std::chrono::minutes(10);
  snapshot.cluster = {ClusterName("vk"), "default", "cluster-uid", spec_};
  for (const auto& node : nodes_) {
    if (!node.pod_exists) continue;
    model::PodInfo info;
    info.pod = pod_of(node);
    info.first_seen = snapshot.started;
    info.agent_address = info.pod.ip + ":9780";
    info.heard_at = info.first_seen;
    if (!node.unheard) {
      const TopologyView view = view_of(node);
      auto state = state_of(node, view);
      if (state.view_hash != 0 && !node.view_unknown)
        snapshot.views.try_emplace(state.view_hash, std::make_shared<const TopologyView>(view));
      info.state = std::make_shared<const NodeState>(std::move(state));
      info.heard_at = info.state_at = snapshot.now - node.silent_for.value_or(std::chrono::milliseconds(100));
      info.stream_open = !node.silent_for;
    }
    snapshot.pods.push_back(std::move(info));
  }
  std::ranges::sort(snapshot.pods, {}, [](const model::PodInfo& info) { return info.pod.name; });
  for (const auto& name : worker_names_) {
    model::Worker worker{WorkerName(name), "", true, true, {}};
    if (tainted_.contains(name)) worker.taints.push_back(model::kTaintOutOfService);
    snapshot.workers.push_back(std::move(worker));
  }
  std::ranges::sort(snapshot.workers, {}, &model::Worker::name);
  snapshot.in_flight = in_flight_;
  snapshot.failures = failures_;
  for (const auto& how : edits_) how(snapshot);
  return snapshot;
}

}  // namespace shardkeeper::test
