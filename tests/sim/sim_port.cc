#include "tests/sim/sim_port.h"

#include "tests/sim/later.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::sim {
namespace {

using valkey::Reply;

constexpr std::chrono::milliseconds kReplyTakes{1};

Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }
Reply ok_or(const std::string& error) {
  return error.empty() ? Reply{Reply::Kind::kStatus, "OK", 0, {}} : Reply{Reply::Kind::kError, error, 0, {}};
}

std::string info(const SimServer& server, const SimBus& bus) {
  const bool is_replica = server.self().role == Role::kReplica;
  std::string info = "# Server\r\nvalkey_version:8.0.1\r\nrun_id:" + server.id.str() +
                     "\r\nused_memory:1000\r\nmaxmemory:0\r\n# Persistence\r\nloading:0\r\nasync_loading:0\r\n# Replication\r\nrole:" +
                     std::string(is_replica ? "slave" : "master") + "\r\n";
  if (is_replica) {
    info += "master_link_status:" + std::string(server.link_up ? "up" : "down") +
            "\r\nmaster_sync_in_progress:" + (server.syncing ? "1" : "0") + "\r\nslave_repl_offset:" + std::to_string(server.offset()) +
            "\r\n";
  } else {
    int count = 0;
    for (const auto& other : bus.servers())
      if (other->answers() && other->self().role == Role::kReplica && other->link_up && other->primary_ip == server.ip)
        info += "slave" + std::to_string(count++) + ":ip=" + other->ip +
                ",port=6379,state=online,offset=" + std::to_string(other->offset()) + ",lag=0,type=replica\r\n";
  }
  info += "master_replid:" + server.replication_id + "\r\nmaster_repl_offset:" + std::to_string(server.offset()) + "\r\n# Keyspace\r\n";
  if (!server.data.empty()) info += "db0:keys=" + std::to_string(server.data.size()) + ",expires=0,avg_ttl=0\r\n";
  return info;
}

std::string cluster_info(const SimServer& server) {
  std::size_t owners = 0;
  SlotSet assigned;
  SlotSet failed;
  for (const auto& [id, row] : server.table) {
    owners += row.slots.empty() ? 0 : 1;
    assigned = assigned.united(row.slots);
    if (row.failed || row.suspected) failed = failed.united(row.slots);
  }
  return "cluster_state:" + std::string(server.state_ok ? "ok" : "fail") +
         "\r\ncluster_slots_assigned:" + std::to_string(assigned.count()) +
         "\r\ncluster_slots_ok:" + std::to_string(assigned.count() - failed.count()) +
         "\r\ncluster_slots_pfail:" + std::to_string(failed.count()) +
         "\r\ncluster_slots_fail:0\r\ncluster_known_nodes:" + std::to_string(server.table.size()) +
         "\r\ncluster_size:" + std::to_string(owners) + "\r\ncluster_current_epoch:" + std::to_string(server.current_epoch.value) +
         "\r\ncluster_my_epoch:" + std::to_string(server.self().epoch.value) + "\r\n";
}

std::string cluster_nodes(const SimServer& server) {
  std::string nodes;
  for (const auto& [id, row] : server.table) {
    std::string flags = id == server.id ? "myself," : "";
    flags += row.role == Role::kPrimary ? "master" : "slave";
    if (row.failed)
      flags += ",fail";
    else if (row.suspected)
      flags += ",fail?";
    if (row.no_address) flags += ",noaddr";
    const std::string address = row.no_address ? ":0@0" : row.ip + ":6379@16379";
    nodes.append(id.str()).append(" ").append(address).append(" ").append(flags).append(" ");
    nodes.append(row.follows ? row.follows->str() : "-").append(" 0 0 ").append(std::to_string(row.epoch.value)).append(" connected");
    for (const auto& range : row.slots.ranges())
      nodes += " " + std::to_string(range.first) + (range.size() > 1 ? "-" + std::to_string(range.last) : "");
    nodes += "\n";
  }
  return nodes;
}

}  // namespace

SimPort::SimPort(Scheduler& scheduler, SimBus& bus, std::function<SimServer*()> server, std::function<void()> shut_down)
    : scheduler_(scheduler), bus_(bus), server_(std::move(server)), shut_down_(std::move(shut_down)) {}

void SimPort::look() {
  SimServer* const now = server_();
  if (now == connected_) return;
  if (connected_ != nullptr) {
    connected_ = nullptr;
    for (auto& [number, done] : std::exchange(unanswered_, {})) done(unknown_outcome("server", "the connection ended"));
    if (changed_) changed_(false);
  }
  if (now != nullptr && !now->hung) {
    connected_ = now;
    if (changed_) changed_(true);
  }
}

void SimPort::call(std::vector<std::string> arguments, Done done) {
  if (connected_ == nullptr) {
    scheduler_.post([done = std::move(done)] { done(unavailable("server", "not connected")); });
    return;
  }
  const std::uint64_t number = next_++;
  unanswered_.emplace_back(number, std::move(done));
  // Replies come in order because all take equally long.
  later(scheduler_, kReplyTakes, [this, number, arguments = std::move(arguments), alive = std::weak_ptr<char>(alive_)] {
    if (alive.expired() || connected_ == nullptr || !connected_->answers()) return;
    const auto entry = std::ranges::find(unanswered_, number, [](const auto& item) { return item.first; });
    if (entry == unanswered_.end()) return;
    const auto reply = answer(*connected_, arguments);
    const auto again = std::ranges::find(unanswered_, number, [](const auto& item) { return item.first; });
    if (again == unanswered_.end()) return;
    const auto finished = std::move(again->second);
    unanswered_.erase(again);
    finished(reply);
  });
}

Reply SimPort::answer(SimServer& server, const std::vector<std::string>& arguments) {
  const std::string& first = arguments[0];
  const std::string second = arguments.size() > 1 ? arguments[1] : "";
  if (first == "INFO") return text(info(server, bus_));
  if (first == "DBSIZE") return {Reply::Kind::kInteger, "", static_cast<std::int64_t>(server.data.size()), {}};
  if (first == "SHUTDOWN") {
    shut_down_();
    return ok_or("");
  }
  if (first == "CONFIG" && second == "GET") {
    Reply reply{Reply::Kind::kArray, "", 0, {}};
    for (std::size_t i = 2; i < arguments.size(); ++i) {
      reply.items.push_back(text(arguments[i]));
      reply.items.push_back(
          text(std::to_string(arguments[i] == "cluster-node-timeout" ? server.node_timeout.count() : server.min_replicas_to_write)));
    }
    return reply;
  }
  if (first == "CONFIG") {
    for (std::size_t i = 2; i + 1 < arguments.size(); i += 2) {
      if (arguments[i] == "cluster-node-timeout")
        server.node_timeout = std::chrono::milliseconds(std::stoi(arguments[i + 1]));
      else
        server.min_replicas_to_write = std::stoi(arguments[i + 1]);
    }
    return ok_or("");
  }
  if (first != "CLUSTER") return ok_or("ERR unknown command '" + first + "'");
  if (second == "INFO") return text(cluster_info(server));
  if (second == "NODES") return text(cluster_nodes(server));
  if (second == "SET-CONFIG-EPOCH") {
    if (server.table.size() > 1) return ok_or("ERR The user can assign a config epoch only when the node does not know any other node.");
    if (server.self().epoch.value != 0) return ok_or("ERR Node config epoch is already non-zero");
    server.self().epoch = {std::stoull(arguments[2])};
    server.current_epoch = std::max(server.current_epoch, server.self().epoch);
    return ok_or("");
  }
  if (second == "BUMPEPOCH") {
    server.self().epoch = {server.current_epoch.value + 1};
    server.current_epoch = server.self().epoch;
    return ok_or("");
  }
  if (second == "MEET") {
    server.meeting[arguments[2]] = scheduler_.now() + std::max<Duration>(server.node_timeout, std::chrono::seconds(1));
    return ok_or("");
  }
  if (second == "ADDSLOTSRANGE") {
    SlotSet slots;
    for (std::size_t i = 2; i + 1 < arguments.size(); i += 2) slots.add({std::stoi(arguments[i]), std::stoi(arguments[i + 1])});
    return ok_or(bus_.add_slots(server, slots));
  }
  if (second == "REPLICATE") return ok_or(bus_.replicate(server, NodeId::parse(arguments[2]).value()));
  if (second == "FORGET") return ok_or(bus_.forget(server, NodeId::parse(arguments[2]).value()));
  if (second == "FAILOVER") return ok_or(bus_.failover(server, arguments.size() > 2 ? arguments[2] : ""));
  return ok_or("ERR unknown subcommand '" + second + "'");
}

}  // namespace shardkeeper::sim
