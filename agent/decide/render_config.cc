#include "agent/decide/render_config.h"

#include "agent/decide/refused_settings.h"
#include "common/tls/identity.h"
#include "common/types/fnv1a.h"

#include <algorithm>
#include <array>

namespace shardkeeper::agent {
namespace {

constexpr std::string_view kTlsClients[] = {"yes", "optional", "no"};

bool is_word(std::string_view text, std::string_view also) {
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, fits);
}

Result<void> check_login(const Login& login, std::string_view whose) {
  // Both end up unquoted in users.acl, where a space starts the next rule.
  if (!is_word(login.user, "-_."))
    return invalid("the " + std::string(whose) + " user's name", "may have letters, digits, dashes and dots only");
  if (!is_word(login.password, ""))
    return invalid("the " + std::string(whose) + " user's password", "may have letters and digits only, and must not be empty");
  return {};
}

Result<void> check(const RenderInput& input, const ServerVersion& version) {
  const ServerSettings& settings = input.settings;
  if (!is_supported(version))
    return invalid("server version " + to_string(version), "is not supported; Shardkeeper needs Valkey 8.0 or newer");
  // Valkey refuses most punctuation in a node name, and stops.
  if (!is_word(settings.pod.value, "-_."))
    return invalid("pod name \"" + settings.pod.value + "\"", "may have letters, digits, dashes and dots only");
  if (!is_word(settings.announce.ip, ".:")) return invalid("announced address \"" + settings.announce.ip + "\"", "must be an IP address");
  if (settings.announce.port == 0 || settings.announce.bus_port == 0) return invalid("announced ports", "must not be 0");
  if (settings.announce.port == settings.announce.bus_port)
    return invalid("announced ports", "the client port and the bus port must differ");
  if (!input.volume_dir.starts_with('/')) return invalid("volume folder \"" + input.volume_dir + "\"", "must be an absolute path");
  if (!settings.tls_folder.empty() && !settings.tls_folder.starts_with('/'))
    return invalid("TLS folder \"" + settings.tls_folder + "\"", "must be an absolute path");
  if (!settings.tls_folder.empty() && std::ranges::find(kTlsClients, settings.tls_clients) == std::end(kTlsClients))
    return invalid("certificates of clients: \"" + settings.tls_clients + "\"", "must be yes, optional or no");
  if (const auto milliseconds = settings.node_timeout.count(); milliseconds < kNodeTimeoutMinMs || milliseconds > kNodeTimeoutMaxMs)
    return invalid(std::string(kNodeTimeoutSetting),
                   "must be from " + std::to_string(kNodeTimeoutMinMs) + " to " + std::to_string(kNodeTimeoutMaxMs) + " ms");
  if (settings.min_replicas_to_write < 0 || settings.min_replicas_to_write > kMinReplicasMax)
    return invalid(std::string(kMinReplicasSetting), "must be from 0 to " + std::to_string(kMinReplicasMax));
  if (const auto refused = refused_settings(settings.config); !refused.empty())
    return invalid("setting " + refused.front().setting, refused.front().reason);
  if (auto checked = check_login(input.agent, "agent"); !checked) return checked;
  return check_login(settings.replication, "replication");
}

class ConfText {
 public:
  void section(std::string_view title) { text_ += (text_.empty() ? "# " : "\n# ") + std::string(title) + "\n"; }
  void set(std::string_view name, std::string_view value) { text_ += std::string(name) + " " + conf_argument(value) + "\n"; }
  void set(std::string_view name, std::uint64_t value) { text_ += std::string(name) + " " + std::to_string(value) + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// First in the file: where the server reads a directive twice, the later one counts, and ours are later.
void add_users_settings(ConfText& conf, const ServerSettings& settings) {
  conf.section("From the manifest.");
  bool has_maxmemory = false;
  for (const auto& [written, value] : settings.config) {
    const std::string name = canonical_setting_name(written);
    if (name == kNodeTimeoutSetting || name == kMinReplicasSetting) continue;
    has_maxmemory |= name == "maxmemory";
    // A value of several words may be quoted as a whole: the server splits it where the setting has several arguments.
    conf.set(name, value);
  }
  if (!has_maxmemory && settings.maxmemory_bytes != 0) conf.set("maxmemory", settings.maxmemory_bytes);
  conf.set(kMinReplicasSetting, static_cast<std::uint64_t>(settings.min_replicas_to_write));
}

void add_place(ConfText& conf, const RenderInput& input) {
  const Endpoint& announce = input.settings.announce;
  conf.section("Where the server is: one address, one folder. Clients may come without a password, so protected mode would lock them out.");
  conf.set("bind", announce.ip);
  conf.set(input.settings.tls_folder.empty() ? "port" : "tls-port", announce.port);
  // Peers tell this server by the source of its connections, too: several pods may share a machine's loopback.
  conf.set("bind-source-addr", announce.ip);
  conf.set("protected-mode", "no");
  conf.set("unixsocket", input.volume_dir + "/valkey.sock");
  conf.set("unixsocketperm", "700");
  conf.set("dir", input.volume_dir);
  conf.set("aclfile", input.volume_dir + "/users.acl");
  conf.set("logfile", "");
  conf.set("daemonize", "no");
  if (!input.settings.zone.empty()) conf.set("availability-zone", input.settings.zone);
}

// One port, and no plain text on any link. It is announced as the port for plain text, too: on its unix socket a server names that one, and its
// agent would hear of none.
void add_tls(ConfText& conf, const ServerSettings& settings) {
  conf.section(
      "TLS for clients, bus and replication. The agent has checked the files before the start, and says when they are to be read again.");
  conf.set("port", std::uint64_t{0});
  conf.set("cluster-announce-tls-port", settings.announce.port);
  conf.set("tls-cert-file", settings.tls_folder + "/" + tls::kCertificateFile);
  conf.set("tls-key-file", settings.tls_folder + "/" + tls::kKeyFile);
  conf.set("tls-ca-cert-file", settings.tls_folder + "/" + tls::kCaFile);
  conf.set("tls-auth-clients", settings.tls_clients);
  conf.set("tls-replication", "yes");
  conf.set("tls-cluster", "yes");
}

void add_replication(ConfText& conf, const ServerSettings& settings) {
  conf.section("Memory only, replicated without disk. A replica that resyncs keeps its data until the new copy is complete.");
  conf.set("save", "");
  conf.set("appendonly", "no");
  conf.set("repl-diskless-sync", "yes");
  conf.set("repl-diskless-sync-delay", std::uint64_t{0});
  conf.set("repl-diskless-load", "on-empty-db");
  conf.set("replica-announce-ip", settings.announce.ip);
  conf.set("replica-announce-port", settings.announce.port);
  // Without it a foreign server at a dead primary's address empties its replicas.
  conf.set("masteruser", settings.replication.user);
  conf.set("masterauth", settings.replication.password);
}

void add_cluster(ConfText& conf, const ServerSettings& settings, const ServerVersion& version) {
  conf.section("Cluster.");
  conf.set("cluster-enabled", "yes");
  conf.set("cluster-config-file", "nodes.conf");
  conf.set("cluster-port", settings.announce.bus_port);
  conf.set("cluster-announce-ip", settings.announce.ip);
  conf.set("cluster-announce-port", settings.announce.port);
  conf.set("cluster-announce-bus-port", settings.announce.bus_port);
  conf.set("cluster-announce-human-nodename", settings.pod.value);
  conf.set(kNodeTimeoutSetting, static_cast<std::uint64_t>(settings.node_timeout.count()));
  conf.set("cluster-require-full-coverage", "no");
  conf.set("cluster-allow-replica-migration", "no");
  // A replica that was cut off for long does not elect itself; the coordinator's own promotions are not held by this.
  conf.set("cluster-replica-validity-factor", std::uint64_t{10});
  // 8.0 and 8.1.0 crash when a replica with slot statistics is promoted.
  if (version >= ServerVersion{8, 1, 1}) conf.set("cluster-slot-stats-enabled", "yes");
  // A hand-over that cannot finish stops the shard's writes for twice this time.
  if (version.at_least(8, 1)) conf.set("cluster-manual-failover-timeout", std::uint64_t{2000});
  // A net under the agent's own hand-over.
  if (version.at_least(9, 0)) conf.set("shutdown-on-sigterm", "failover");
  // The last step of an atomic slot migration stops the node's writes until so much is sent; 0, the default, may wait for ever for a
  // writer that never lets up.
  if (version.at_least(9, 0)) conf.set("slot-migration-max-failover-repl-bytes", std::uint64_t{4U << 20U});
  // A full disk must not end a server that keeps everything in memory.
  if (version.at_least(9, 1)) conf.set("cluster-config-save-behavior", "best-effort");
}

// What the agent does on its server (agent/io), and no more. Unknown names in the file would stop the server, hence the versions.
std::string agent_rules(const ServerVersion& version) {
  static constexpr std::array kCommands{
      "ping",        "info",          "role",          "dbsize",           "wait",        "readonly",     "acl|users",      "acl|setuser",
      "acl|deluser", "config|get",    "config|set",    "client|setname",   "client|kill", "client|pause", "client|unpause", "shutdown",
      "flushall",    "function|list", "function|dump", "function|restore", "migrate",     "memory|usage"};
  static constexpr std::array kClusterCommands{"info",
                                               "nodes",
                                               "myid",
                                               "myshardid",
                                               "slots",
                                               "shards",
                                               "links",
                                               "slot-stats",
                                               "countkeysinslot",
                                               "getkeysinslot",
                                               "count-failure-reports",
                                               "meet",
                                               "forget",
                                               "replicate",
                                               "failover",
                                               "reset",
                                               "set-config-epoch",
                                               "addslots",
                                               "addslotsrange",
                                               "delslots",
                                               "delslotsrange",
                                               "setslot",
                                               "bumpepoch",
                                               "saveconfig"};
  static constexpr std::array kClusterCommands9{"migrateslots", "getslotmigrations", "cancelslotmigrations", "flushslot"};
  std::string rules = "~* resetchannels -@all";
  for (const char* const name : kCommands) rules += std::string(" +") + name;
  for (const char* const name : kClusterCommands) rules += std::string(" +cluster|") + name;
  if (version.at_least(9, 0))
    for (const char* const name : kClusterCommands9) rules += std::string(" +cluster|") + name;
  return rules;
}

// Replicas log in with it at their primary, sources of slot migrations at their target: with MIGRATE, and from 9.0 on with SYNCSLOTS.
std::string replication_rules(const ServerVersion& version) {
  std::string rules = "~* resetchannels -@all +psync +replconf +ping +select +restore +restore-asking";
  if (version.at_least(9, 0)) rules += " +cluster|syncslots +@write";
  return rules;
}

std::string render_users(const RenderInput& input, const ServerVersion& version) {
  const Login& replication = input.settings.replication;
  // Users of a file are set once the server runs: a wrong one among them must not keep it from starting. Until then nobody gets in.
  const std::string everybody = input.settings.users_file.empty() ? "user default on nopass ~* &* +@all -@admin\n" : "user default off\n";
  return everybody + "user " + input.agent.user + " on >" + input.agent.password + " " + agent_rules(version) +
         "\n"
         "user " +
         replication.user + " on >" + replication.password + " " + replication_rules(version) + "\n";
}

}  // namespace

std::uint16_t bus_port_of(std::string_view cluster_uid) {
  Fnv1a hash;  // the same on every machine and in every build
  hash.add_bytes(cluster_uid);
  return static_cast<std::uint16_t>(20000 + hash.value() % 10000);
}

std::string conf_argument(std::string_view text) {
  if (is_word(text, "-_.:/")) return std::string(text);
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += "\\x";
      quoted += kHex[byte >> 4U];
      quoted += kHex[byte & 0xfU];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Result<RenderedConfig> render_config(const RenderInput& input, const ServerVersion& version) {
  if (auto checked = check(input, version); !checked) return checked.error();
  ConfText conf;
  conf.section("Written by shardkeeper-agent for Valkey " + to_string(version) + " at every start; edits are lost.");
  add_users_settings(conf, input.settings);
  add_place(conf, input);
  if (!input.settings.tls_folder.empty()) add_tls(conf, input.settings);
  add_replication(conf, input.settings);
  add_cluster(conf, input.settings, version);
  return RenderedConfig{conf.take(), render_users(input, version)};
}

}  // namespace shardkeeper::agent
