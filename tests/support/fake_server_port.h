// A valkey-server in memory, as far as the agent's questions and commands go: fields in, replies out.
#pragma once

#include "common/time/scheduler.h"
#include "common/types/node_id.h"
#include "common/valkey/server_port.h"

#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::test {

// Forty times the same digit.
inline std::string id_text(char digit) { return std::string(NodeId::kLength, digit); }
inline NodeId node_id(char digit) { return NodeId::parse(id_text(digit)).value(); }

class FakeServerPort final : public valkey::ServerPort {
 public:
  using Arguments = std::vector<std::string>;
  explicit FakeServerPort(Scheduler& scheduler) : scheduler_(scheduler) {}

  void call(Arguments arguments, Done done) override {
    if (!is_connected_) {
      scheduler_.post([done = std::move(done)] { done(unavailable("server", "not connected")); });
      return;
    }
    if (is_silent) {
      unanswered_.push_back(std::move(done));
      return;
    }
    scheduler_.post([done = std::move(done), reply = answer(arguments)] { done(reply); });
  }
  std::uint64_t calls_made() const override { return 0; }
  bool is_connected() const override { return is_connected_; }
  void on_connection(std::function<void(bool connected)> changed) override { changed_ = std::move(changed); }
  void reconnect_now() override { ++reconnects; }

  void connect() { set_connected(true); }
  // Everything that waits for an answer fails.
  void disconnect() {
    set_connected(false);
    for (auto& done : std::exchange(unanswered_, {})) done(unknown_outcome("server", "connection lost"));
  }

  // --- the server's state
  bool is_silent = false;  // takes calls, answers none
  bool is_loading = false;
  std::string run_id = "run-1";
  std::string role = "master";          // INFO's
  std::string flags = "myself,master";  // CLUSTER NODES' own line
  std::string primary = "-";            // own line
  std::string slots;                    // own line: "0-99 200"
  std::uint64_t epoch = 0;
  bool may_bump = true;    // it knows of an epoch that is not below its own
  std::string other_rows;  // whole lines, each with its \n
  bool state_ok = false;
  int known_nodes = 1;
  std::string link = "up";
  int sync_in_progress = 0;
  std::uint64_t offset = 100;
  std::string replication_id = id_text('e');
  std::string replicas;  // slave0:… lines, each with its \r\n
  int keys = 0;
  int node_timeout_ms = 5'000;
  int min_replicas_to_write = 0;
  std::vector<std::pair<std::string, std::string>> errors;  // first words of a command → error reply
  struct SlotMigration {
    std::string operation = "EXPORT";
    std::string slots = "0-9";
    std::string state = "snapshotting";
    bool operator==(const SlotMigration&) const = default;
  };
  std::vector<SlotMigration> migrations;  // its own, atomic ones; names are 0…, 1…

  std::vector<Arguments> orders;  // everything that was no question
  int light_rounds = 0;
  int full_rounds = 0;
  int reconnects = 0;

  // "CLUSTER MEET 127.0.0.2 6379 16379, CLUSTER …"
  std::string orders_text() const {
    std::string text;
    for (const auto& order : orders) {
      text += text.empty() ? "" : ", ";
      for (std::size_t i = 0; i < order.size(); ++i) text += (i == 0 ? "" : " ") + order[i];
    }
    return text;
  }

  static std::string row(char id, const std::string& address, const std::string& flags, const std::string& primary, int epoch,
                         const std::string& slots = "") {
    return id_text(id) + " " + address + " " + flags + " " + primary + " 0 0 " + std::to_string(epoch) + " connected" +
           (slots.empty() ? "" : " " + slots) + "\n";
  }

 private:
  using Reply = valkey::Reply;

  static Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }
  static Reply status() { return {Reply::Kind::kStatus, "OK", 0, {}}; }

  Reply answer(const Arguments& arguments) {
    std::string joined;
    for (const auto& argument : arguments) joined += (joined.empty() ? "" : " ") + argument;
    for (const auto& [command, error] : errors)
      if (joined.starts_with(command)) return {Reply::Kind::kError, error, 0, {}};
    if (arguments[0] == "INFO") {
      (arguments[1] == "server" ? full_rounds : light_rounds)++;
      return text(info());
    }
    if (joined == "CLUSTER INFO") return text(cluster_info());
    if (joined == "CLUSTER NODES") return text(nodes());
    if (joined.starts_with("CONFIG GET")) return settings(arguments);
    if (joined == "CLUSTER GETSLOTMIGRATIONS") return migration_list();
    if (joined == "DBSIZE") return {Reply::Kind::kInteger, "", keys, {}};
    if (joined.starts_with("CONFIG SET min-replicas-to-write")) min_replicas_to_write = std::stoi(arguments[3]);
    orders.push_back(arguments);
    if (joined == "CLUSTER CANCELSLOTMIGRATIONS")
      for (auto& migration : migrations)
        if (migration.operation == "EXPORT") migration.state = "cancelled";
    if (joined == "CLUSTER BUMPEPOCH") return {Reply::Kind::kStatus, (may_bump ? "BUMPED " : "STILL ") + std::to_string(epoch + 1), 0, {}};
    return status();
  }

  Reply migration_list() const {
    Reply list{Reply::Kind::kArray, "", 0, {}};
    for (std::size_t i = 0; i < migrations.size(); ++i) {
      Reply entry{Reply::Kind::kArray, "", 0, {}};
      for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{{"name", id_text(static_cast<char>('0' + i))},
                                                                                         {"operation", migrations[i].operation},
                                                                                         {"slot_ranges", migrations[i].slots},
                                                                                         {"state", migrations[i].state},
                                                                                         {"target_node", id_text('b')}}) {
        entry.items.push_back(text(field));
        entry.items.push_back(text(value));
      }
      list.items.push_back(std::move(entry));
    }
    return list;
  }

  std::string info() const {
    std::string info =
        "# Server\r\nvalkey_version:9.1.2\r\nrun_id:" + run_id + "\r\nused_memory:1000\r\nmaxmemory:0\r\nused_cpu_sys:1.5\r\n";
    info += "loading:" + std::string(is_loading ? "1" : "0") + "\r\nasync_loading:0\r\nrole:" + role + "\r\n";
    if (role == "slave")
      info += "master_link_status:" + link + "\r\nmaster_sync_in_progress:" + std::to_string(sync_in_progress) +
              "\r\nslave_repl_offset:" + std::to_string(offset) + "\r\n";
    info += replicas + "master_replid:" + replication_id + "\r\nmaster_repl_offset:" + std::to_string(offset) + "\r\n";
    return info + "# Keyspace\r\ndb0:keys=" + std::to_string(keys) + ",expires=0,avg_ttl=0\r\n";
  }
  std::string cluster_info() const {
    return "cluster_state:" + std::string(state_ok ? "ok" : "fail") + "\r\ncluster_known_nodes:" + std::to_string(known_nodes) +
           "\r\ncluster_my_epoch:" + std::to_string(epoch) + "\r\n";
  }
  std::string nodes() const {
    return id_text('a') + " 127.0.0.1:6379@16379 " + flags + " " + primary + " 0 0 " + std::to_string(epoch) + " connected" +
           (slots.empty() ? "" : " " + slots) + "\n" + other_rows;
  }
  Reply settings(const Arguments& arguments) const {
    Reply reply{Reply::Kind::kArray, "", 0, {}};
    for (std::size_t i = 2; i < arguments.size(); ++i) {
      const std::string value = arguments[i] == "cluster-node-timeout"    ? std::to_string(node_timeout_ms)
                                : arguments[i] == "min-replicas-to-write" ? std::to_string(min_replicas_to_write)
                                                                          : "";
      reply.items.push_back(text(arguments[i]));
      reply.items.push_back(text(value));
    }
    return reply;
  }
  void set_connected(bool connected) {
    is_connected_ = connected;
    if (changed_) changed_(connected);
  }

  Scheduler& scheduler_;
  bool is_connected_ = false;
  std::function<void(bool)> changed_;
  std::vector<Done> unanswered_;
};

}  // namespace shardkeeper::test
