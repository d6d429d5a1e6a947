#include "tests/property/perfect_actor.h"

#include <algorithm>

namespace shardkeeper::test {
namespace {

using Life = BuiltNode::Life;

const BuiltNode* find(const ClusterBuilder& world, const NodeId& id) {
  for (const auto& node : world.nodes())
    if (world.id(node.pod) == id) return &node;
  return nullptr;
}

class Actor {
 public:
  explicit Actor(ClusterBuilder& world) : world_(world) {}

  void act(const model::Step& step) {
    if (const auto* order = std::get_if<model::Order>(&step.action)) {
      std::visit([&](const auto& command) { obey(world_.node(order->pod.value), command); }, order->command);
    } else if (const auto* promote = std::get_if<model::Promote>(&step.action)) {
      if (world_.node(promote->replica.value).is_primary) return;
      world_.promoted(promote->replica.value);
    } else if (const auto* ask = std::get_if<model::AskReport>(&step.action)) {
      world_.node(ask->pod.value).nonce = ask->nonce;
    } else if (const auto* look = std::get_if<model::AskView>(&step.action)) {
      world_.node(look->pod.value).view_unknown = false;
    } else if (const auto* create = std::get_if<model::CreatePod>(&step.action)) {
      make(*create);
    } else if (const auto* evict = std::get_if<model::EvictPod>(&step.action)) {
      world_.node(evict->pod.value).pod_exists = false;
    } else if (const auto* remove = std::get_if<model::RemovePod>(&step.action)) {
      BuiltNode& node = world_.node(remove->pod.value);
      node.life = Life::kDead;
      node.pod_exists = false;
    }
  }

 private:
  // A dead server leaves its row behind in the views of the others: the node stays, and its pod's next server is another node.
  void obey(BuiltNode& node, const command::GrantStart&) {
    if (node.in_cluster && node.life == Life::kDead) world_.forgotten(node.pod);
    node.life = Life::kUp;
    world_.fresh(node.pod);
  }
  void obey(BuiltNode& node, const command::SetConfigEpoch& set) { node.epoch = set.epoch; }
  void obey(BuiltNode& node, const command::RaiseEpoch& raise) { node.epoch.value = std::max(node.epoch.value, raise.above.value + 1); }
  void obey(BuiltNode& node, const command::Meet& meet) {
    join(node.pod);
    for (const auto& peer : meet.peers)
      for (const auto& other : std::vector(world_.nodes()))
        if (world_.address(other.pod) == peer.ip) join(other.pod);
  }
  void join(const std::string& pod) {
    world_.change(pod, [](BuiltNode& node) { node.in_cluster = true, node.island = 0, node.cluster_ok = true; });
    world_.unforget(pod);
    world_.has_address(pod);
  }
  void obey(BuiltNode& node, const command::AddSlots& add) { node.slots = node.slots.united(add.slots), node.cluster_ok = true; }
  void obey(BuiltNode& node, const command::Replicate& replicate) {
    const auto* primary = find(world_, replicate.primary);
    if (primary == nullptr) return;
    node.is_primary = false;
    node.follows = primary->pod;
    node.slots = {};
    node.epoch = primary->epoch;
    node.has_synced = node.link_up = true;
    node.sync_in_progress = false;
    node.history = primary->history;
  }
  void obey(BuiltNode& node, const command::SetConfig& set) {
    for (const auto& [name, value] : set.settings)
      if (name == "cluster-node-timeout") node.node_timeout = std::chrono::milliseconds(std::stoi(value));
  }
  void obey(BuiltNode&, const command::Forget& forget) {
    for (const auto& id : forget.ids)
      if (const auto* node = find(world_, id)) world_.forgotten(node->pod);
  }
  void obey(BuiltNode& node, const command::Shutdown&) { node.life = Life::kDead; }
  void obey(BuiltNode& node, const command::Unfence&) { node.fenced = false; }
  void obey(BuiltNode& node, const command::ApplySettings& apply) { node.settings = apply.settings; }
  void obey(BuiltNode&, const command::TakeTicket&) {}
  void obey(BuiltNode&, const command::Failover&) {}
  // The whole job is done at once, keys and all; no flag is left.
  void obey(BuiltNode& node, const command::StartMigration& start) {
    const auto& job = start.job;
    const auto* target = find(world_, job.target_node);
    const std::string source = node.pod;
    const bool possible = target != nullptr && target->is_primary && target->life == Life::kUp && node.is_primary && node.life == Life::kUp;
    if (possible) world_.moved(source, target->pod, job.slots);
    MigrationProgress progress{.job = job.id, .target_node = job.target_node, .slots = job.slots, .engine = job.engine};
    progress.stage = possible ? MigrationProgress::Stage::kDone : MigrationProgress::Stage::kFailed;
    if (possible) progress.slots_done = job.slots;
    node.migration = std::move(progress);
    for (const auto& other : std::vector(world_.nodes()))
      std::erase_if(world_.node(other.pod).open_slots, [&](const OpenSlot& open) { return possible && job.slots.contains(open.slot); });
  }
  void obey(BuiltNode& node, const command::CancelMigration&) {
    if (node.migration && node.migration->is_running()) node.migration->stage = MigrationProgress::Stage::kCancelled;
  }
  void obey(BuiltNode& node, const command::ThrottleMigration& throttle) {
    if (node.migration) node.migration->bytes_per_second = throttle.bytes_per_second;
  }
  void obey(BuiltNode& node, const command::SetSlots& set) {
    std::erase_if(node.open_slots, [&](const OpenSlot& open) { return set.slots.contains(open.slot); });
  }
  void obey(BuiltNode& node, const command::CopyFunctions& copy) {
    world_.node(copy.target_pod.value).functions_hash = node.functions_hash;
  }
  void obey(BuiltNode&, const command::RestoreFunctions&) {}

  void make(const model::CreatePod& create) {
    const std::string pod = "vk-" + to_string(create.request.shard) + "-new" + std::to_string(world_.nodes().size());
    world_.extra(pod, create.request.shard.value, "w" + std::to_string(1 + world_.nodes().size() % 3));
    world_.first_start(pod);
    world_.node(pod).keys = 0;
    world_.node(pod).version = world_.nodes().front().version;
  }

  ClusterBuilder& world_;
};

}  // namespace

void carry_out(ClusterBuilder& world, const std::vector<model::Step>& steps) {
  Actor actor(world);
  for (const auto& step : steps) actor.act(step);
  world.pass_time(std::chrono::milliseconds(600));
}

}  // namespace shardkeeper::test
