#include "tests/sim/sim_bus.h"

#include <algorithm>
#include <span>
#include <utility>

namespace shardkeeper::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kSyncTakes{300};
constexpr seconds kForgottenFor{60};

}  // namespace

std::string SimBus::random_hex() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  while (text.size() < NodeId::kLength) text += kDigits[random_() % 16];
  return text;
}

SimServer& SimBus::start(const std::string& pod, const std::string& ip) {
  auto server = std::make_unique<SimServer>(SimServer{.id = NodeId::parse(random_hex()).value(), .ip = ip, .pod = pod, .started = now()});
  server->replication_id = random_hex();
  server->table.emplace(server->id, SimRow{.id = server->id, .ip = ip});
  servers_.push_back(std::move(server));
  return *servers_.back();
}

SimServer* SimBus::at(const std::string& ip) {
  for (auto& server : servers_)
    if (server->alive && server->ip == ip) return server.get();
  return nullptr;
}

void SimBus::tick() {
  for (auto& server : servers_) {
    if (!server->answers()) continue;
    meet(*server);
    // Only rows: the table may grow while it is walked.
    std::vector<std::pair<NodeId, std::string>> peers;
    for (const auto& [id, row] : server->table)
      if (id != server->id && !row.no_address) peers.emplace_back(id, row.ip);
    for (const auto& [id, ip] : peers) {
      auto* peer = at(ip);
      if (peer == nullptr || !peer->answers()) continue;
      if (peer->id == id)
        exchange(*server, *peer);
      else if (auto row = server->table.find(id); row != server->table.end())
        row->second.no_address = true;  // mismatching id
    }
  }
  for (auto& server : servers_) {
    if (!server->answers()) continue;
    detect_failures(*server);
    judge_state(*server);
    elect(*server);
    if (server->self().role == Role::kReplica) replicate_data(*server);
  }
}

void SimBus::meet(SimServer& server) {
  std::erase_if(server.meeting, [&](const auto& entry) { return entry.second < now(); });
  for (auto it = server.meeting.begin(); it != server.meeting.end();) {
    auto* peer = at(it->first);
    if (peer == nullptr || !peer->answers() || peer == &server) {
      ++it;
      continue;
    }
    know_each_other(server, *peer);
    it = server.meeting.erase(it);
  }
}

void SimBus::know_each_other(SimServer& a, SimServer& b) {
  const auto add = [&](SimServer& to, const SimServer& who) {
    auto [it, is_new] = to.table.try_emplace(who.id, SimRow{.id = who.id, .ip = who.ip, .heard = now()});
    it->second.ip = who.ip;
    it->second.no_address = false;
  };
  add(a, b);
  add(b, a);
}

void SimBus::exchange(SimServer& from, SimServer& to) {
  const auto known = to.table.find(from.id);
  if (known == to.table.end()) return;  // unknown senders are not listened to; only MEET makes them known
  SimRow& row = known->second;
  const SimRow& own = from.self();
  row.ip = from.ip;
  row.no_address = false;
  row.heard = now();
  row.suspected = false;
  if (row.failed && (own.slots.empty() || now() - row.failed_at > 2 * to.node_timeout)) row.failed = false;
  to.current_epoch = std::max(to.current_epoch, from.current_epoch);
  if (own.role == Role::kReplica) {
    row.slots = {};
    row.follows = own.follows;
    row.role = Role::kReplica;
    row.epoch = own.epoch;
  } else {
    row.role = Role::kPrimary;
    row.follows.reset();
    row.epoch = own.epoch;
    hear_claims(to, from.id, own.epoch, own.slots);
    const SimRow& mine = to.self();
    if (mine.role == Role::kPrimary && mine.epoch == own.epoch && own.epoch.value > 0 && to.id < from.id) {
      ++to.current_epoch.value;
      to.self().epoch = to.current_epoch;  // collision: the smaller id moves on
    }
    // UPDATE: the sender claims what somebody owns with a higher epoch.
    std::vector<SimRow> newer;
    for (const auto& [id, other] : to.table)
      if (id != from.id && other.role == Role::kPrimary && other.epoch > own.epoch && other.slots.overlaps(own.slots))
        newer.push_back(other);
    for (const auto& other : newer)
      if (from.table.contains(other.id)) hear_claims(from, other.id, other.epoch, other.slots);
  }
  learn_unknown(from, to);
  report_failures(from, to);
}

void SimBus::hear_claims(SimServer& to, const NodeId& claimant, Epoch epoch, const SlotSet& slots) {
  SimRow& winner = to.table.at(claimant);
  SlotSet won = slots;
  bool own_lost = false;
  bool primary_lost = false;
  for (auto& [id, other] : to.table) {
    if (id == claimant || !other.slots.overlaps(slots)) continue;
    if (other.epoch >= epoch) {
      won = won.without(other.slots);
      continue;
    }
    other.slots = other.slots.without(slots);
    if (other.slots.empty() && id == to.id) own_lost = true;
    if (other.slots.empty() && to.self().role == Role::kReplica && to.self().follows == id) primary_lost = true;
  }
  winner.slots = winner.slots.united(won);
  winner.epoch = std::max(winner.epoch, epoch);
  if (own_lost) lose_slots(to, claimant);
  if (primary_lost && to.id != claimant) follow(to, claimant);
}

void SimBus::lose_slots(SimServer& server, const NodeId& winner) { follow(server, winner); }

void SimBus::learn_unknown(SimServer& from, SimServer& to) {
  for (const auto& [id, row] : from.table) {
    if (row.failed || row.no_address || to.table.contains(id)) continue;
    const auto forgotten = to.forgotten.find(id);
    if (forgotten != to.forgotten.end() && forgotten->second > now()) continue;
    auto* peer = at(row.ip);
    if (peer != nullptr && peer->answers() && peer->id == id) return know_each_other(to, *peer);  // one handshake a turn
  }
}

void SimBus::report_failures(const SimServer& from, SimServer& to) {
  const bool is_voter = from.owns_slots();
  for (const auto& [id, row] : from.table) {
    const auto known = to.table.find(id);
    if (known == to.table.end() || id == to.id) continue;
    if (is_voter && (row.suspected || row.failed))
      known->second.reports.insert(from.id);
    else
      known->second.reports.erase(from.id);
  }
}

std::size_t SimBus::voters_known(const SimServer& server) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      server.table, [](const auto& entry) { return entry.second.role == Role::kPrimary && !entry.second.slots.empty(); }));
}

void SimBus::detect_failures(SimServer& server) {
  const std::size_t majority = voters_known(server) / 2 + 1;
  for (auto& [id, row] : server.table) {
    if (id == server.id || row.failed) continue;
    row.suspected = now() - row.heard > server.node_timeout;
    const std::size_t votes = row.reports.size() + (server.owns_slots() && row.suspected ? 1U : 0U);
    if (!row.suspected || votes < majority) continue;
    // FAIL is told to everybody at once.
    for (auto& other : servers_) {
      if (!other->answers() || other->id == id || !other->table.contains(server.id)) continue;
      const auto told = other->table.find(id);
      if (told == other->table.end() || told->second.failed) continue;
      told->second.failed = true;
      told->second.failed_at = now();
    }
  }
}

void SimBus::judge_state(SimServer& server) {
  std::size_t reachable = 0;
  for (const auto& [id, row] : server.table)
    if (row.role == Role::kPrimary && !row.slots.empty() && (id == server.id || (!row.failed && !row.suspected))) ++reachable;
  const std::size_t voters = voters_known(server);
  const bool sees_majority = voters > 0 && reachable >= voters / 2 + 1;
  if (!sees_majority) {
    server.reachable_since.reset();
    server.state_ok = false;
    return;
  }
  if (!server.reachable_since) server.reachable_since = now();
  // Facts §7: a primary waits before it takes writes again; a replica takes none.
  const bool waits = server.self().role == Role::kPrimary;
  const auto delay = waits ? std::clamp(server.node_timeout, milliseconds(500), milliseconds(5000)) : milliseconds(0);
  server.state_ok = server.state_ok || now() - *server.reachable_since >= delay;
}

void SimBus::elect(SimServer& server) {
  if (server.self().role != Role::kReplica || !server.self().follows) {
    server.election_at.reset();
    return;
  }
  const auto primary = server.table.find(*server.self().follows);
  const bool may = primary != server.table.end() && primary->second.failed && !primary->second.slots.empty() && server.has_data_of_primary;
  if (!server.election_at && may) {
    // Freshest first: half a second, some chance, and a second for every fresher sibling.
    int rank = 0;
    for (const auto& other : servers_)
      if (other->answers() && other->id != server.id && other->self().follows == server.self().follows && other->offset() > server.offset())
        ++rank;
    server.election_at = now() + milliseconds(500 + static_cast<int>(random_() % 500) + 1000 * rank);
    server.election_is_forced = false;
  }
  if (!server.election_at || now() < *server.election_at) return;
  if (!server.election_is_forced && !may) {
    server.election_at.reset();
    return;
  }
  if (win_votes(server, server.election_is_forced)) return;
  server.election_is_forced = false;
  server.election_at = now() + 4 * server.node_timeout;
}

bool SimBus::win_votes(SimServer& candidate, bool forced) {
  const NodeId old_primary = *candidate.self().follows;
  const auto known = candidate.table.find(old_primary);
  if (known == candidate.table.end() || known->second.slots.empty()) return false;
  Epoch epoch = candidate.current_epoch;
  ++epoch.value;
  candidate.current_epoch = epoch;
  std::size_t votes = 0;
  for (auto& voter : servers_) {
    if (!voter->answers() || !voter->owns_slots() || !voter->table.contains(candidate.id)) continue;
    const auto row = voter->table.find(old_primary);
    const bool stale = std::ranges::any_of(voter->table, [&](const auto& entry) {
      return entry.second.slots.overlaps(known->second.slots) && entry.second.epoch > known->second.epoch;
    });
    const bool agrees = forced || (row != voter->table.end() && row->second.failed);
    if (!agrees || stale || voter->last_vote >= epoch || voter->current_epoch > epoch) continue;
    voter->last_vote = voter->current_epoch = epoch;
    ++votes;
  }
  if (votes < voters_known(candidate) / 2 + 1) return false;
  promote(candidate, epoch);
  return true;
}

void SimBus::promote(SimServer& server, Epoch epoch) {
  SimRow& self = server.self();
  const auto old_primary = server.table.find(*self.follows);
  if (old_primary != server.table.end()) {
    self.slots = old_primary->second.slots;
    old_primary->second.slots = {};
  }
  self.role = Role::kPrimary;
  self.follows.reset();
  self.epoch = epoch;
  server.current_epoch = std::max(server.current_epoch, epoch);
  server.replication_id_before = server.replication_id;
  server.replication_id = random_hex();
  server.link_up = server.syncing = false;
  server.election_at.reset();
}

void SimBus::follow(SimServer& server, const NodeId& primary) {
  SimRow& self = server.self();
  if (self.role == Role::kReplica && self.follows == primary) return;
  self.role = Role::kReplica;
  self.follows = primary;
  self.slots = {};
  self.epoch = server.table.at(primary).epoch;
  server.primary_ip = server.table.at(primary).ip;
  server.link_up = server.syncing = false;
  server.has_data_of_primary = false;
  server.link_down_since = now();
  server.election_at.reset();
}

std::string SimBus::replicate(SimServer& server, const NodeId& primary) {
  const auto row = server.table.find(primary);
  if (row == server.table.end()) return "ERR Unknown node " + primary.str();
  if (primary == server.id) return "ERR Can't replicate myself";
  if (row->second.role == Role::kReplica) return "ERR I can only replicate a master, not a replica.";
  if (server.self().role == Role::kPrimary && (!server.self().slots.empty() || !server.data.empty()))
    return "ERR To set a master the node must be empty and without assigned slots.";
  follow(server, primary);
  return {};
}

std::string SimBus::failover(SimServer& server, const std::string& mode) {
  if (server.self().role != Role::kReplica) return "ERR You should send CLUSTER FAILOVER to a replica";
  if (mode == "TAKEOVER") {
    Epoch epoch = server.current_epoch;
    for (const auto& [id, row] : server.table) epoch = std::max(epoch, row.epoch);
    promote(server, {epoch.value + 1});
    return {};
  }
  if (mode.empty() && !server.link_up) return "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE";
  server.election_at = now() + milliseconds(20);
  server.election_is_forced = true;
  return {};
}

std::string SimBus::forget(SimServer& server, const NodeId& id) {
  if (id == server.id) return "ERR I tried hard but I can't forget myself...";
  if (server.self().follows == id) return "ERR Can't forget my master!";
  if (server.table.erase(id) == 0) return "ERR Unknown node " + id.str();
  server.forgotten[id] = now() + kForgottenFor;
  return {};
}

std::string SimBus::add_slots(SimServer& server, const SlotSet& slots) {
  for (const auto& [id, row] : server.table)
    if (row.slots.overlaps(slots)) return "ERR Slot " + std::to_string(row.slots.common_with(slots).ranges()[0].first) + " is already busy";
  server.self().slots = server.self().slots.united(slots);
  return {};
}

// Facts §4.6, §6.4, 8.0: the link goes to an address, and takes what it finds there.
void SimBus::replicate_data(SimServer& replica) {
  const auto row = replica.table.find(*replica.self().follows);
  if (row != replica.table.end() && !row->second.no_address) replica.primary_ip = row->second.ip;
  auto* primary = at(replica.primary_ip);
  const bool linked = primary != nullptr && primary->answers() && primary->self().role == Role::kPrimary && primary != &replica;
  if (!linked) {
    if (replica.link_up || replica.syncing) replica.link_down_since = now();
    replica.link_up = replica.syncing = false;
    return;
  }
  if (!replica.link_up && !replica.syncing) {
    const bool shares = replica.replication_id == primary->replication_id || replica.replication_id == primary->replication_id_before;
    const bool is_prefix = replica.data.size() <= primary->data.size();
    const auto has_prefix = [&] {
      return !replica.data.empty() && std::ranges::equal(replica.data, std::span(primary->data).first(replica.data.size()));
    };
    if (shares && is_prefix && (replica.has_data_of_primary || has_prefix())) {
      replica.link_up = true;
    } else {
      replica.syncing = true;
      replica.sync_ends = now() + kSyncTakes;
    }
  }
  if (replica.syncing) {
    if (now() < replica.sync_ends) return;
    replica.syncing = false;
    replica.link_up = true;
    const auto before = std::exchange(replica.data, primary->data);
    SimServer lost = replica;
    lost.data = before;
    data_dropped(lost);
  }
  replica.replication_id = primary->replication_id;
  replica.has_data_of_primary = true;
  if (replica.data.size() < primary->data.size())
    replica.data.insert(replica.data.end(), primary->data.begin() + static_cast<std::ptrdiff_t>(replica.data.size()), primary->data.end());
}

bool SimBus::write(int slot, Number number) {
  SimServer* owner = nullptr;
  for (auto& server : servers_)
    if (server->answers() && server->owns_slots() && server->state_ok && server->self().slots.contains(slot) &&
        (owner == nullptr || server->self().epoch > owner->self().epoch))
      owner = server.get();
  if (owner == nullptr || owner->min_replicas_to_write > 0) return false;
  owner->data.push_back(number);
  return true;
}

}  // namespace shardkeeper::sim
