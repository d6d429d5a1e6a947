#include "tests/sim/sim_world.h"

#include <algorithm>

namespace shardkeeper::sim {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTurn{20};

}  // namespace

SimWorld::SimWorld(int shards, int replicas, std::uint64_t seed)
    : bus_(scheduler_, seed), platform_(scheduler_, bus_, 3), dialer_(scheduler_, platform_, seed + 1), random_(seed + 2) {
  cluster_.name = ClusterName("vk");
  cluster_.uid = "uid";
  cluster_.spec.image = "localhost/valkey:8.0.1";
  cluster_.spec.shards = shards;
  cluster_.spec.replicas_per_shard = replicas;
  bus_.data_dropped = [this](SimServer& server) { dropped(server); };
  platform_.server_removed = [this](SimServer& server) { dropped(server); };
  platform_.on_change([this] {
    if (loop_) loop_->platform_changed();
  });
  dialer_.violated = [this](const std::string& what) { violate(what); };
  start_coordinator();
}

void SimWorld::start_coordinator() {
  ++token_.value;
  loop_ = std::make_unique<reconcile::ClusterLoop>(reconcile::ClusterLoop::Ports{scheduler_, platform_, dialer_, events_}, cluster_, token_,
                                                   random_(),
                                                   reconcile::ClusterLoop::Hooks{.passed = [](Duration) {},
                                                                                 .higher_token_seen =
                                                                                     [this](FenceToken seen) {
                                                                                       if (seen < token_) return;
                                                                                       token_.value = seen.value + 1;
                                                                                       scheduler_.post([this] {
                                                                                         if (loop_) loop_->set_token(token_);
                                                                                       });
                                                                                     },
                                                                                 .neighbours = [] { return reconcile::Neighbours(); }});
}

void SimWorld::run_for(Duration duration) {
  const TimePoint end = scheduler_.now() + duration;
  while (scheduler_.now() < end && violations_.empty()) turn();
}

bool SimWorld::run_until_healthy(Duration limit) {
  const TimePoint end = scheduler_.now() + limit;
  while (scheduler_.now() < end && violations_.empty()) {
    turn();
    if (unhealthy_because().empty()) return true;
  }
  return false;
}

void SimWorld::turn() {
  scheduler_.run_until(scheduler_.now() + kTurn);
  bus_.tick();
  platform_.look();
  note_durable();
  write_some();
  check_invariants();
}

void SimWorld::write_some() {
  for (int shard = 0; shard < cluster_.spec.shards; ++shard) {
    const int slot = kSlotCount * shard / cluster_.spec.shards + static_cast<int>(random_() % 1000);
    if (bus_.write(slot, last_number_ + 1)) ++last_number_;
  }
}

// What a primary and a replica in sync with it both have must outlive everything but the death of both.
void SimWorld::note_durable() {
  for (const auto& replica : bus_.servers()) {
    if (!replica->answers() || replica->self().role != Role::kReplica || !replica->link_up) continue;
    for (auto it = replica->data.rbegin(); it != replica->data.rend() && durable_.insert(*it).second; ++it) {}
  }
}

bool SimWorld::somebody_has(Number number, const SimServer* but) const {
  return std::ranges::any_of(bus_.servers(), [&](const auto& server) {
    return server->alive && server.get() != but && std::binary_search(server->data.begin(), server->data.end(), number);
  });
}

void SimWorld::dropped(const SimServer& server) {
  std::size_t missing = 0;
  for (const auto number : server.data)
    if (durable_.contains(number) && !lost_.contains(number) && !somebody_has(number, nullptr)) ++missing;
  if (missing > 0)
    violate("pod " + server.pod + " dropped the last copy of " + std::to_string(missing) + " acknowledged and replicated writes");
}

void SimWorld::note_killed(const SimServer& server) {
  for (const auto number : server.data)
    if (durable_.contains(number) && !somebody_has(number, &server)) lost_.insert(number);
}

void SimWorld::kill_server(SimPod& pod) {
  auto* server = pod.server();
  if (server == nullptr) return;
  pod.end_server();
  note_killed(*server);
}

SimPod* SimWorld::primary_of(int shard) {
  const int slot = kSlotCount * shard / cluster_.spec.shards;
  for (auto& [name, pod] : platform_.pods()) {
    auto* server = pod->server();
    if (server != nullptr && server->owns_slots() && server->self().slots.contains(slot)) return pod.get();
  }
  return nullptr;
}

std::vector<SimPod*> SimWorld::pods() {
  std::vector<SimPod*> result;
  for (auto& [name, pod] : platform_.pods()) result.push_back(pod.get());
  return result;
}

void SimWorld::check_invariants() {
  decltype(collisions_) current;
  for (const auto& a : bus_.servers())
    for (const auto& b : bus_.servers()) {
      if (!a->answers() || !b->answers() || !(a->id < b->id) || !a->owns_slots() || !b->owns_slots() ||
          a->self().epoch != b->self().epoch || !a->table.contains(b->id) || !b->table.contains(a->id))
        continue;
      const auto since = collisions_.find({a->id, b->id});
      current[{a->id, b->id}] = since == collisions_.end() ? scheduler_.now() : since->second;
      // Two elections at once may collide; the servers settle that with their next messages.
      if (scheduler_.now() - current[{a->id, b->id}] > std::chrono::seconds(1))
        violate("two slot owners keep epoch " + to_string(a->self().epoch));
    }
  collisions_ = std::move(current);
}

std::string SimWorld::unhealthy_because() {
  if (!loop_) return "no coordinator";
  const auto wanted = static_cast<std::size_t>(cluster_.spec.shards) * (1 + static_cast<std::size_t>(cluster_.spec.replicas_per_shard));
  if (platform_.pods().size() != wanted) return std::to_string(platform_.pods().size()) + " pods";
  SlotSet owned;
  std::optional<std::uint64_t> hash;
  for (auto& [name, pod] : platform_.pods()) {
    const auto* agent = pod->agent();
    if (agent == nullptr || pod->server() == nullptr) return name + " does not run";
    const auto& state = agent->state();
    if (!state.readiness.is_ready()) return name + " is not ready: " + std::string(to_string(state.readiness.reason));
    if (state.node_timeout != cluster_.spec.node_timeout) return name + " has node timeout " + std::to_string(state.node_timeout.count());
    if (state.fenced) return name + " is fenced";
    if (pod->server()->table.size() != wanted) return name + " lists " + std::to_string(pod->server()->table.size()) + " nodes";
    if (hash.value_or(state.view_hash) != state.view_hash) return name + " sees another cluster";
    hash = state.view_hash;
    if (state.slots.overlaps(owned)) return name + " owns slots of another";
    owned = owned.united(state.slots);
  }
  return owned == SlotSet::all() ? "" : std::to_string(kSlotCount - owned.count()) + " slots are not served";
}

std::string SimWorld::event_text() const {
  std::string text;
  for (const auto& event : events_.newest(cluster_.name, 60))
    text += std::to_string(event.unix_ms) + " " + event.reason + " " + event.subject + ": " + event.message + "\n";
  return text;
}

void SimWorld::violate(const std::string& what) { violations_.push_back("at " + std::to_string(scheduler_.unix_ms()) + " ms: " + what); }

}  // namespace shardkeeper::sim
